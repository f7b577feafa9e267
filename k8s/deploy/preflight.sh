# shellcheck shell=bash
# Whether everything is there, before anything is touched. What is missing is said all at once.

minimum_kubectl=1.30
# What the charts of helm-config/charts.txt are made for. Newer than the newest that they name will mostly do.
minimum_cluster=1.33
minimum_helm=3.14
missing=()
# Whether the cluster answers: without it, a dry run can still say what would be done.
reachable=no

check_tools() {
  need kubectl "https://kubernetes.io/docs/tasks/tools/" &&
    at_least kubectl "$minimum_kubectl" "$(kubectl version --client -o json | version_field gitVersion)"
  local tool package="your distribution has it as a package"
  for tool in openssl awk; do
    need "$tool" "$package" || true
  done
  # A dry run only shows what the others would be told, and that they are missing.
  [[ $dry_run == no ]] || refuse_what_is_missing
  need curl "$package" || true
  if [[ $charts == yes && ($delete == no || $all == yes) ]]; then
    need helm "https://helm.sh/docs/intro/install/" &&
      at_least helm "$minimum_helm" "$(helm version --template '{{.Version}}')"
  fi
  [[ $dry_run == yes ]] || refuse_what_is_missing
}

refuse_what_is_missing() {
  ((${#missing[@]} == 0)) || refuse "These are missing, and nothing has been done:" "${missing[@]/#/  }"
}

need() { # TOOL WHERE
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

version_field() { # FIELD, of what kubectl version answers
  sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" | tail -n 1
}

choose_context() {
  local known
  mapfile -t known < <(kubectl config get-contexts -o name | grep .)
  if ((${#known[@]} == 0)); then
    [[ $dry_run == yes ]] || refuse "kubectl knows no cluster: set KUBECONFIG, or make one (kind create cluster)."
    context=${context:-CONTEXT}
    say "cluster: none that kubectl knows"
    return
  fi
  if [[ -z $context ]]; then
    ((${#known[@]} == 1)) ||
      refuse "kubectl knows several clusters. Say which one is meant with --context:" "${known[@]/#/  }"
    context=${known[0]}
  fi
  printf '%s\n' "${known[@]}" | grep -Fxq -- "$context" ||
    refuse "kubectl knows no context \"$context\". It knows:" "${known[@]/#/  }"
  say "cluster: context $context"
}

check_cluster() {
  local version
  look=("$(kubectl_command) cluster-info")
  if version=$(kube version -o json --request-timeout=15s 2>"$work/why" | version_field gitVersion) &&
    kube get --raw /readyz --request-timeout=15s >/dev/null 2>"$work/why"; then
    reachable=yes
    newer_or_same "$minimum_cluster" "$version" ||
      refuse "The cluster runs Kubernetes ${version:-of an unknown version}; $minimum_cluster or newer is needed."
    say "Kubernetes $version"
  elif [[ $dry_run == yes ]]; then
    say "The cluster cannot be reached, so that only what would be done is shown."
  else
    refuse "The cluster of the context $context does not answer, and nothing has been done: $(tail -n 1 "$work/why")" \
      "See whether it runs, whether this machine reaches it, and whether you are still logged in:" \
      "  $(kubectl_command) cluster-info" \
      "With --dry-run it is shown what would be done."
  fi
}

# Kinds in a file that the cluster does not know, one "group/version Kind" a line.
unknown_kinds() { # FILE
  local version kind asked='' answer=''
  while read -r version kind; do
    [[ $version == "$asked" ]] || answer=$(known_kinds "$version")
    asked=$version
    [[ $answer == *" $kind "* ]] || printf '%s %s\n' "$version" "$kind"
  done < <(kinds "$1" | sort)
}

known_kinds() { # GROUP/VERSION
  local path=/apis/$1
  [[ $1 == */* ]] || path=/api/$1
  { kube get --raw "$path" </dev/null 2>/dev/null || true; } | grep -Eo '"kind": *"[A-Za-z]+"' | sed -E 's/.*"(.*)"/ \1 /' || true
}

# What the files have only as an example, because nobody can know it but you.
check_examples() {
  local runbooks
  if [[ $host == *.example ]]; then
    missing+=("the shop's own name: $host is only an example. Yours belongs into k8s/overlays/$overlay/entry/certificate.yaml")
  fi
  runbooks=$(sed -nE 's#^ *runbook_url: (https://[^/]*\.example/.*)/[^/]*$#\1#p' "$work/overlay.yaml" | head -n 1)
  [[ -z $runbooks ]] ||
    say "note: alerts link to $runbooks, which is only an example: see k8s/components/monitoring/settings.json"
}

preflight() {
  choose_context
  check_cluster
  render
  [[ $delete == no ]] || return 0
  check_examples
  check_parts
  check_other_overlay
  check_given_secrets
  if [[ $charts == no && $reachable == yes ]]; then
    local lacking
    lacking=$(unknown_kinds "$work/overlay.yaml")
    [[ -z $lacking ]] || missing+=("custom resource definitions of:" "${lacking//$'\n'/$'\n    '}")
    lacking=$(old_gateway_kinds)
    [[ -z $lacking ]] || missing+=("$lacking")
  fi
  say_what_is_upgraded
  [[ $dry_run == yes ]] || refuse_what_is_missing
  ((${#missing[@]} == 0)) || say "It would not begin without these:"$'\n'"$(printf '        %s\n' "${missing[@]}")"
}
