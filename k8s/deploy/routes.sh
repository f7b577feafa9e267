# shellcheck shell=bash
# Routes change while requests come. Envoy Gateway names what a rule leads to by the rule's number, and a proxy follows a new rule
# before it knows where that leads, which it answers with 503 for seconds (https://github.com/envoyproxy/gateway/issues/9029).
# So the rules that a route lacks are added first, for a path that nobody asks for.

# Nobody outside of a proxy can tell when it knows them. On a busy machine it took three seconds.
route_settle_s=10

prepare_routes() {
  [[ $dry_run == no ]] || return 0
  local name wanted facts found service port prepared=no
  while read -r name wanted; do
    has_object "httproute.gateway.networking.k8s.io/$name" || continue
    facts=$(kube get httproute "$name" --namespace "$namespace" -o go-template="$rules_template")
    read -r found service port <<<"$facts"
    [[ -n $port ]] || continue
    for ((; found < wanted; found++)); do
      kube patch httproute "$name" --namespace "$namespace" --type json "--field-manager=$manager" --patch \
        '[{"op":"add","path":"/spec/rules/-","value":{"matches":[{"path":{"type":"Exact","value":"/.not-yet"}}],"backendRefs":[{"name":"'"$service"'","port":'"$port"'}]}}]' \
        >/dev/null
      prepared=yes
    done
  done < <(rule_counts "$work/ground.yaml")
  [[ $prepared == no ]] || {
    say "the gateway learns where new routes lead: $route_settle_s s"
    sleep "$route_settle_s"
  }
}

# How many rules a route has, and what the first leads to.
rules_template='{{len .spec.rules}}{{with index .spec.rules 0}}{{with .backendRefs}}{{with index . 0}} {{.name}} {{.port}}{{end}}{{end}}{{end}}'

# Prints each route in a file with the number of its rules.
rule_counts() { # FILE
  documents only HTTPRoute <"$1" | awk '
    function flush() { if (name != "") print name, rules; name = ""; rules = inside = indent = 0 }
    /^---/ { flush(); next }
    /^[a-zA-Z]/ { section = $1 }
    section == "metadata:" && /^  name: / { name = $2 }
    section == "spec:" && /^  [a-zA-Z]/ { inside = ($1 == "rules:") }
    inside && match($0, /^ *- /) { if (!indent) indent = RLENGTH; if (RLENGTH == indent) rules++ }
    END { flush() }'
}
