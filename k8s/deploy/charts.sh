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
  change helm upgrade "$1" "${from[@]}" --install --version "$4" --kube-context "$context" \
    --namespace "$5" --create-namespace --values "$project/helm-config/$1.yaml" --wait --timeout 10m >"$work/helm"
  if [[ $dry_run == yes ]]; then
    cat "$work/helm"
  else
    say "$1 $4 in $5, $((SECONDS - began)) s"
  fi
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
}

remove_charts() {
  local name repository chart version where
  while read -r name repository chart version where; do
    look=("helm status $name --kube-context $context --namespace $where")
    change helm uninstall "$name" --kube-context "$context" --namespace "$where" --ignore-not-found --wait </dev/null
  done < <(wanted_charts | tac)
}
