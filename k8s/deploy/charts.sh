# shellcheck shell=bash
# Third-party parts, by Helm, at the versions that helm-config/charts.txt pins.

charts_file=$project/helm-config/charts.txt

# The charts of this overlay, one "name repository chart version namespace" a line.
wanted_charts() {
  awk -v overlay="$overlay" '
    /^ *(#|$)/ { next }
    $6 == "" || ("," $6 ",") ~ ("," overlay ",") { print $1, $2, $3, $4, $5 }' "$charts_file"
}

install_charts() {
  local name repository chart version where
  if [[ $charts == no ]]; then
    say "left as they are"
    return
  fi
  while read -r name repository chart version where; do
    install_chart "$name" "$repository" "$chart" "$version" "$where" </dev/null
  done < <(wanted_charts)
  await_kinds
}

install_chart() { # NAME REPOSITORY CHART VERSION NAMESPACE
  local from=("$3" --repo "$2") began=$SECONDS
  [[ $2 != oci://* ]] || from=("$2/$3")
  look=(
    "helm status $1 --kube-context $context --namespace $5"
    "$(kubectl_command) get pods --namespace $5"
    "$(kubectl_command) get events --namespace $5 --sort-by=.lastTimestamp"
  )
  bring_kinds "${from[@]}" --version "$4"
  change helm upgrade "$1" "${from[@]}" --install --version "$4" --kube-context "$context" \
    --namespace "$5" --create-namespace --values "$project/helm-config/$1.yaml" --wait --timeout 10m >"$work/helm"
  if [[ $dry_run == yes ]]; then
    cat "$work/helm"
  else
    say "$1 $4 in $5, $((SECONDS - began)) s"
  fi
}

# Helm installs the definitions in a chart's folder crds, and never again touches them: without this, a newer version would
# run on the kinds of the first one.
bring_kinds() { # CHART [OPTION …], as helm takes them
  local apply=(kube apply --server-side --force-conflicts "--field-manager=$manager")
  if [[ $dry_run == yes ]]; then
    say "+ helm show crds $(shown "$@") | $(shown "${apply[@]}") -f -"
    return
  fi
  # Helm may say first what it fetched, and puts no line between definitions.
  helm show crds "$@" | awk '/^apiVersion:/ { print "---"; said = 1 } said' >"$work/crds.yaml"
  [[ -s $work/crds.yaml ]] || return 0
  "${apply[@]}" -f "$work/crds.yaml" >/dev/null
  kube wait --for=condition=Established --timeout=60s -f "$work/crds.yaml" >/dev/null
}

# Whatever is there already at another version, so that nobody is surprised by what the next steps change.
say_what_is_upgraded() {
  [[ $charts == yes && $reachable == yes ]] || return 0
  # A dry run may be without.
  command -v helm >/dev/null || return 0
  local name repository chart version where there
  while read -r name repository chart version where; do
    there=$(helm list --kube-context "$context" --namespace "$where" --filter "^$name\$" --output json </dev/null |
      sed -n 's/.*"chart": *"\([^"]*\)".*/\1/p') || there=''
    [[ -z $there || $there == "$chart-$version" ]] || say "note: $name in $where is $there, and becomes $chart-$version"
  done < <(wanted_charts)
}

# A chart that has just been installed may not have announced its kinds yet.
await_kinds() {
  [[ $dry_run == no ]] || return 0
  local lacking end=$((SECONDS + 60))
  look=("$(kubectl_command) get crd")
  while lacking=$(unknown_kinds "$work/overlay.yaml") && [[ -n $lacking ]]; do
    ((SECONDS < end)) || fail "The cluster does not know these kinds, which $overlay needs: ${lacking//$'\n'/, }"
    sleep 2
  done
  # A provider that brings these kinds itself may have put its own back.
  lacking=$(old_gateway_kinds)
  [[ -z $lacking ]] || fail "$lacking"
}

remove_charts() {
  local name repository chart version where
  while read -r name repository chart version where; do
    look=("helm status $name --kube-context $context --namespace $where")
    change helm uninstall "$name" --kube-context "$context" --namespace "$where" --ignore-not-found --wait </dev/null
  done < <(wanted_charts | awk '{ line[NR] = $0 } END { for (n = NR; n > 0; n--) print line[n] }')
}
