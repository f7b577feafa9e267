# shellcheck shell=bash
# Installs third-party parts with Helm, at the versions that helm-config/charts.txt pins.

charts_file=$project/helm-config/charts.txt

# Prints the charts of this overlay, one "name repository chart version namespace" per line.
wanted_charts() {
  awk -v overlay="$overlay" '
    /^ *(#|$)/ { next }
    $6 == "" || ("," $6 ",") ~ ("," overlay ",") { print $1, $2, $3, $4, $5 }' "$charts_file"
}

install_charts() {
  local name repository chart version ns
  if [[ $charts == no ]]; then
    say "left as they are"
    return
  fi
  while read -r name repository chart version ns; do
    install_chart "$name" "$repository" "$chart" "$version" "$ns" </dev/null
  done < <(wanted_charts)
  await_definitions
}

install_chart() { # NAME REPOSITORY CHART VERSION NAMESPACE
  local from=("$3" --repo "$2") started=$SECONDS
  [[ $2 != oci://* ]] || from=("$2/$3")
  hints=(
    "helm status $1 --kube-context $context --namespace $5"
    "$(kubectl_command) get pods --namespace $5"
    "$(kubectl_command) get events --namespace $5 --sort-by=.lastTimestamp"
  )
  install_definitions "${from[@]}" --version "$4"
  run_or_show helm upgrade "$1" "${from[@]}" --install --version "$4" --kube-context "$context" \
    --namespace "$5" --create-namespace --values "$project/helm-config/$1.yaml" --wait --timeout 10m >"$work/helm"
  if [[ $dry_run == yes ]]; then
    cat "$work/helm"
  else
    say "$1 $4 in $5, $((SECONDS - started)) s"
  fi
}

# Helm installs the definitions in a chart's folder crds once and never updates them. Without this, a newer version
# would run with the definitions of the first one.
install_definitions() { # CHART [OPTION …], as helm takes them
  local apply=(kube apply --server-side --force-conflicts "--field-manager=$manager")
  if [[ $dry_run == yes ]]; then
    say "+ helm show crds $(printable "$@") | $(printable "${apply[@]}") -f -"
    return
  fi
  # Helm may first print what it fetched, and puts no separator between definitions.
  helm show crds "$@" | awk '/^apiVersion:/ { print "---"; started = 1 } started' >"$work/crds.yaml"
  [[ -s $work/crds.yaml ]] || return 0
  "${apply[@]}" -f "$work/crds.yaml" >/dev/null
  kube wait --for=condition=Established --timeout=60s -f "$work/crds.yaml" >/dev/null
}

# Reports what is installed at another version, so that the changes of the next steps are no surprise.
report_upgrades() {
  [[ $charts == yes && $reachable == yes ]] || return 0
  # A dry run does not need helm.
  command -v helm >/dev/null || return 0
  local name repository chart version ns installed
  while read -r name repository chart version ns; do
    installed=$(helm list --kube-context "$context" --namespace "$ns" --filter "^$name\$" --output json </dev/null |
      sed -n 's/.*"chart": *"\([^"]*\)".*/\1/p') || installed=''
    [[ -z $installed || $installed == "$chart-$version" ]] ||
      say "note: $name in $ns is $installed and will become $chart-$version"
  done < <(wanted_charts)
}

# A chart that was just installed may not have registered its kinds yet.
await_definitions() {
  [[ $dry_run == no ]] || return 0
  local unknown problem end=$((SECONDS + 60))
  hints=("$(kubectl_command) get crd")
  until unknown=$(unknown_kinds "$work/overlay.yaml" 2>"$work/why") && [[ -z $unknown ]]; do
    ((SECONDS < end)) || fail "The cluster does not know these kinds, which $overlay needs: ${unknown//$'\n'/, }$(cat "$work/why")"
    sleep 2
  done
  # A provider that installs these kinds itself may have restored its own version.
  problem=$(gateway_api_problem)
  [[ -z $problem ]] || fail "$problem"
}

remove_charts() {
  local name repository chart version ns
  while read -r name repository chart version ns; do
    hints=("helm status $name --kube-context $context --namespace $ns")
    run_or_show helm uninstall "$name" --kube-context "$context" --namespace "$ns" --ignore-not-found --wait </dev/null
  done < <(wanted_charts | awk '{ line[NR] = $0 } END { for (n = NR; n > 0; n--) print line[n] }')
}
