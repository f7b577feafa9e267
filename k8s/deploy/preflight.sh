# shellcheck shell=bash
# Checks that everything is there before anything is changed. Everything that is missing is reported at once.

minimum_kubectl=1.30
# What the charts of helm-config/charts.txt support. Versions newer than the newest that they name mostly work, too.
minimum_cluster=1.33
minimum_helm=3.14
missing=()
# Whether the cluster answers. If it does not, a dry run can still show what would be done.
reachable=no

check_tools() {
  need kubectl "https://kubernetes.io/docs/tasks/tools/" &&
    at_least kubectl "$minimum_kubectl" "$(kubectl version --client -o json | version_field gitVersion)"
  local tool package="your distribution has it as a package"
  for tool in openssl awk; do
    need "$tool" "$package" || true
  done
  # A dry run does not run the other tools: it only shows their commands, and reports those that are missing.
  [[ $dry_run == no ]] || refuse_if_missing
  need curl "$package" || true
  if [[ $charts == yes && ($delete == no || $all == yes) ]]; then
    need helm "https://helm.sh/docs/intro/install/" &&
      at_least helm "$minimum_helm" "$(helm version --template '{{.Version}}')"
  fi
  [[ $dry_run == yes ]] || refuse_if_missing
}

refuse_if_missing() {
  ((${#missing[@]} == 0)) || refuse "Nothing was changed, because these are missing:" "${missing[@]/#/  }"
}

need() { # TOOL WHERE-TO-GET-IT
  command -v "$1" >/dev/null && return
  missing+=("$1: $2")
  return 1
}

at_least() { # TOOL MINIMUM VERSION
  newer_or_same "$2" "$3" || missing+=("$1 $2 or newer: this one is ${3:-of an unknown version}")
}

newer_or_same() { # MINIMUM VERSION, both beginning with MAJOR.MINOR
  local major minor
  [[ $2 =~ ^v?([0-9]+)\.([0-9]+) ]] || return 1
  major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]}
  ((major * 1000 + minor >= ${1%%.*} * 1000 + ${1#*.}))
}

version_field() { # FIELD; reads the output of kubectl version
  sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" | tail -n 1
}

choose_context() {
  local known
  mapfile -t known < <(kubectl config get-contexts -o name | grep .)
  if ((${#known[@]} == 0)); then
    [[ $dry_run == yes ]] ||
      refuse "kubectl knows no cluster. Set KUBECONFIG, or create a cluster (kind create cluster)."
    context=${context:-CONTEXT}
    say "cluster: kubectl knows none"
    return
  fi
  if [[ -z $context ]]; then
    ((${#known[@]} == 1)) ||
      refuse "kubectl knows several clusters. Choose one with --context:" "${known[@]/#/  }"
    context=${known[0]}
  fi
  printf '%s\n' "${known[@]}" | grep -Fxq -- "$context" ||
    refuse "kubectl knows no context \"$context\". It knows:" "${known[@]/#/  }"
  say "cluster: context $context"
}

check_cluster() {
  local version
  hints=("$(kubectl_command) cluster-info")
  if version=$(kube version -o json --request-timeout=15s 2>"$work/why" | version_field gitVersion) &&
    kube get --raw /readyz --request-timeout=15s >/dev/null 2>"$work/why"; then
    reachable=yes
    newer_or_same "$minimum_cluster" "$version" ||
      refuse "The cluster runs Kubernetes ${version:-of an unknown version}; $minimum_cluster or newer is needed."
    say "Kubernetes $version"
  elif [[ $dry_run == yes ]]; then
    say "The cluster cannot be reached; this only shows what would be done."
  else
    refuse "The cluster of the context $context does not answer, and nothing was changed: $(tail -n 1 "$work/why")" \
      "Check that it runs, that this machine can reach it, and that you are still logged in:" \
      "  $(kubectl_command) cluster-info" \
      "Use --dry-run to see what would be done."
  fi
}

# Prints the kinds in a file that the cluster does not know, one "group/version Kind" per line. Its exit status is not 0
# when the cluster cannot tell, so call it where that counts: in an assignment of its own.
unknown_kinds() { # FILE
  local version kind served_version='' served=''
  while read -r version kind; do
    [[ $version == "$served_version" ]] || served=$(served_kinds "$version") || return
    served_version=$version
    [[ $served == *" $kind "* ]] || printf '%s %s\n' "$version" "$kind"
  done < <(kinds "$1" | sort)
}

served_kinds() { # GROUP/VERSION
  local path=/apis/$1 answer
  [[ $1 == */* ]] || path=/api/$1
  # Anything but "not found" says nothing about the kinds.
  if answer=$(kube get --raw "$path" </dev/null 2>&1); then
    grep -Eo '"kind": *"[A-Za-z]+"' <<<"$answer" | sed -E 's/.*"(.*)"/ \1 /' || true
  elif [[ $answer != *'(NotFound)'* ]]; then
    refuse "The cluster cannot tell which kinds it knows: $answer" "Run this again."
  fi
}

# Finds example values that only you can replace.
check_examples() {
  local runbooks
  if [[ $overlay == production && $access != required ]]; then
    missing+=("access that is required: with ACCESS=${access:-open}, whoever reaches production may give themselves credit."
      "  k8s/components/access sets it in k8s/overlays/production; put that back")
  fi
  if [[ $access == required && $issuers == *"/account" && $issuers != "https://$host/account" ]]; then
    missing+=("one issuer of tokens: services name $issuers, and the shop is $host. Each AUTH_ISSUER must be https://$host/account")
  fi
  if [[ $host == *.example ]]; then
    missing+=("your host name: $host is only an example. Set yours in k8s/overlays/$overlay/entry/certificate.yaml")
  fi
  runbooks=$(sed -nE 's#^ *runbook_url: (https://[^/]*\.example/.*)/[^/]*$#\1#p' "$work/overlay.yaml" | head -n 1)
  [[ -z $runbooks ]] ||
    say "note: alerts link to $runbooks, which is only an example; set yours in k8s/components/monitoring/settings.json"
}

# The gateway's Service gets an address of the cluster's first IP family. Without an ipFamily, its proxies only have IPv4.
check_ip_family() {
  local first
  [[ $reachable == yes ]] || return 0
  documents only EnvoyProxy <"$work/overlay.yaml" >"$work/proxy.yaml"
  if [[ ! -s $work/proxy.yaml ]] || grep -q '^  ipFamily: ' "$work/proxy.yaml"; then return 0; fi
  first=$(kube get service kubernetes --namespace default -o go-template='{{index .spec.ipFamilies 0}}' 2>/dev/null) || return 0
  [[ $first != IPv6 ]] || missing+=(
    "IPv6 for the gateway: it is the first or only IP family of this cluster. Add the line"
    "  - ../../components/ipv6"
    "to the components in k8s/overlays/$overlay/kustomization.yaml"
  )
}

preflight() {
  choose_context
  check_cluster
  render
  [[ $delete == no ]] || return 0
  check_examples
  check_ip_family
  check_parts
  check_other_overlay
  check_provided_secrets
  if [[ $charts == no && $reachable == yes ]]; then
    local unknown problem
    unknown=$(unknown_kinds "$work/overlay.yaml")
    [[ -z $unknown ]] || missing+=("custom resource definitions for:" "${unknown//$'\n'/$'\n    '}")
    problem=$(gateway_api_problem)
    [[ -z $problem ]] || missing+=("$problem")
  fi
  report_upgrades
  [[ $dry_run == yes ]] || refuse_if_missing
  ((${#missing[@]} == 0)) ||
    say "Without --dry-run, it would stop here, because these are missing:"$'\n'"$(printf '        %s\n' "${missing[@]}")"
}
