# shellcheck shell=bash
# The overlay's manifests: rendered once, and applied in the order in which they depend on each other.

manager=deploy-to-cluster
timeout=600s

render() {
  local folder=k8s/overlays/$overlay
  hints=("kubectl kustomize $folder")
  kubectl kustomize "$project/$folder" >"$work/rendered.yaml"
  set_images <"$work/rendered.yaml" >"$work/overlay.yaml"
  documents only Namespace <"$work/overlay.yaml" >"$work/namespaces.yaml"
  documents only Job <"$work/overlay.yaml" >"$work/jobs.yaml"
  # Programs come last: they need the tables, and their permissions on the broker.
  documents without Namespace Job Deployment HorizontalPodAutoscaler ScaledObject <"$work/overlay.yaml" >"$work/ground.yaml"
  documents without Namespace Job <"$work/overlay.yaml" >"$work/everything.yaml"
  access=$(documents only ConfigMap <"$work/overlay.yaml" | sed -nE 's/^  ACCESS: "?([a-z]+)"?$/\1/p' | sort -u | paste -s -d ' ' -)
  issuers=$(documents only ConfigMap <"$work/overlay.yaml" | sed -nE 's/^  AUTH_ISSUER: "?([^"]+)"?$/\1/p' | sort -u | paste -s -d ' ' -)
  host=$(sed -nE 's/^ *-? *hostname: "?([^"]+)"?$/\1/p' "$work/overlay.yaml" | head -n 1)
}

# Gives the project's own images on stdin the registry and the tag of --images and --tag.
set_images() {
  local prefix='\2' version='\4'
  [[ -z $images ]] || prefix=$images/
  [[ -z $tag ]] || version=:$tag
  sed -E "s#^( *-? *image: )\"?([^\" ]+/)(order|payment|stock|account|catalog|web|tools)(:[^\" ]+)\"?\$#\1$prefix\3$version#"
}

# Prints the documents on stdin that are of these kinds, or of all other kinds.
documents() { # only|without KIND …
  local mode=$1
  shift
  awk -v mode="$mode" -v kinds=" $* " '
    function flush() {
      if (kind != "" && (index(kinds, " " kind " ") > 0) == (mode == "only")) printf "---\n%s", text
      text = kind = ""
    }
    /^---/ { flush(); next }
    /^kind: / { kind = $2 }
    { text = text $0 "\n" }
    END { flush() }'
}

# Prints every kind in a file once, as "group/version Kind".
kinds() { # FILE
  awk '/^apiVersion: / { version = $2 } /^kind: / { kind = $2 } /^---/ { flush() } END { flush() }
    function flush() { if (kind != "" && !seen[version kind]++) print version, kind; kind = "" }' "$1"
}

# Prints the names of the objects of one kind.
names() { # FILE KIND
  documents only "$2" <"$1" | awk '/^[a-zA-Z]/ { inside = /^metadata:/ } inside && /^  name: / { print $2 }'
}

apply() { # FILE WHAT
  local command=(kube apply --server-side --force-conflicts "--field-manager=$manager")
  [[ -s $1 ]] || return 0
  hints=("$(kubectl_command) get events --namespace $namespace --sort-by=.lastTimestamp")
  if [[ $dry_run == no ]]; then
    "${command[@]}" -f "$1" >"$work/applied"
    say "$2: $(wc -l <"$work/applied" | tr -d ' ') objects"
    return
  fi
  say "+ $(printable "${command[@]}") -f - # $2: $(list "$1")"
  check_on_server "$1"
}

list() { # FILE
  local version kind
  while read -r version kind; do
    names "$1" "$kind" | sed "s#^#$kind/#"
  done < <(kinds "$1") | paste -s -d ' ' -
}

# Asks the cluster whether it would accept a file, as far as it already knows the kinds and the namespace.
check_on_server() { # FILE
  [[ $reachable == yes ]] || return 0
  local found unknown
  found=$(unknown_kinds "$1")
  mapfile -t unknown < <(cut -d ' ' -f 2 <<<"$found")
  [[ -z $found ]] || say "  not checked, because the cluster does not know these kinds yet: ${unknown[*]}"
  if [[ $1 != */namespaces.yaml ]] && ! kube get namespace "$namespace" >/dev/null 2>&1; then
    say "  not checked, because the namespace $namespace does not exist yet"
    return
  fi
  documents without "${unknown[@]}" <"$1" >"$work/known.yaml"
  [[ -s $work/known.yaml ]] || return 0
  kube apply --server-side --force-conflicts "--field-manager=$manager" --dry-run=server -f "$work/known.yaml" \
    >/dev/null
  say "  the cluster would accept it"
}

apply_infrastructure() {
  prepare_routes
  apply "$work/ground.yaml" "everything but the programs"
  local name
  while read -r name; do
    wait_for statefulset "$name" kube rollout status "statefulset/$name" --timeout="$timeout"
  done < <(names "$work/ground.yaml" StatefulSet)
  while read -r name; do
    wait_for cluster.postgresql.cnpg.io "$name" kube wait "cluster.postgresql.cnpg.io/$name" --for=condition=Ready --timeout="$timeout"
  done < <(names "$work/ground.yaml" Cluster)
  while read -r name; do
    wait_for rabbitmqcluster.rabbitmq.com "$name" kube wait "rabbitmqcluster.rabbitmq.com/$name" \
      --for=condition=AllReplicasReady --timeout="$timeout"
  done < <(names "$work/ground.yaml" RabbitmqCluster)
}

wait_for() { # KIND NAME COMMAND …
  local about="--namespace $namespace"
  hints=(
    "$(kubectl_command) describe $1/$2 $about"
    "$(kubectl_command) get pods $about"
    "$(kubectl_command) get events $about --sort-by=.lastTimestamp"
  )
  shift 2
  run_or_show "$@" --namespace "$namespace" < /dev/null | sed 's/^\( \{6\}\)\{0,1\}/      /'
}

# A service that publishes a new kind of event must not do so before the one that consumes it is replaced, because an older
# one parks what it does not know. Most of what is published goes to payment, which alone decides. Catalog comes last, because it
# asks the others. None is ready before it has the keys of account. The pages are replaced with the whole overlay, after all that they
# ask.
replace_services() {
  local name
  for name in account payment stock order catalog; do
    deployment_of "$name" <"$work/everything.yaml" >"$work/$name.yaml"
    [[ -s $work/$name.yaml ]] || continue
    apply "$work/$name.yaml" "the service $name"
    await_deployment "$name"
  done
}

# Prints the Deployment with this name on stdin.
deployment_of() { # NAME
  documents only Deployment | awk -v name="  name: $1" '
    function flush() { if (found) printf "%s", text; text = ""; found = 0 }
    /^---/ { flush(); next }
    { text = text $0 "\n" }
    /^[a-zA-Z]/ { inside = /^metadata:/ }
    inside && $0 == name { found = 1 }
    END { flush() }'
}

apply_everything() {
  local name
  apply "$work/everything.yaml" "the whole overlay"
  while read -r name; do
    await_deployment "$name"
  done < <(names "$work/everything.yaml" Deployment)
}

await_deployment() { # NAME
  wait_for deployment "$1" kube rollout status "deployment/$1" --timeout="$timeout"
}
