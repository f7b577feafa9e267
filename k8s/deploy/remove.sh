# shellcheck shell=bash
# Deletes Chandlery: its namespaces with everything in them, and the objects of the overlay outside of them.

delete_everything() {
  warn_of_data_loss
  confirm
  # Deleting a namespace deletes everything in it, but no cluster-wide objects.
  documents without Namespace <"$work/overlay.yaml" >"$work/rest.yaml"
  local found='' unknown
  [[ $reachable == no ]] || found=$(unknown_kinds "$work/rest.yaml")
  mapfile -t unknown < <(cut -d ' ' -f 2 <<<"$found")
  documents without "${unknown[@]}" <"$work/rest.yaml" >"$work/known.yaml"
  hints=("$(kubectl_command) get all,pvc --namespace $namespace")
  [[ ! -s $work/known.yaml ]] || delete_file "$work/known.yaml"
  run_or_show kube delete namespace "$namespace" --ignore-not-found --wait --timeout="$timeout"
}

delete_file() { # FILE
  if [[ $dry_run == yes ]]; then
    say "+ $(printable kube delete --ignore-not-found) -f - # $(list "$1")"
  else
    kube delete --ignore-not-found --wait --timeout="$timeout" -f "$1" | sed 's/^/      /'
  fi
}

warn_of_data_loss() {
  say "This deletes the namespace $namespace and everything in it: all databases with every order, payment and"
  say "stock, the broker with every message, and the Secrets."
  if [[ $reachable == yes ]]; then
    kube get persistentvolumeclaims --namespace "$namespace" --ignore-not-found --no-headers \
      -o custom-columns=NAME:.metadata.name,SIZE:.spec.resources.requests.storage | sed 's/^/        /'
  fi
  if [[ $all == yes ]]; then
    say "It also uninstalls $(wanted_charts | cut -d ' ' -f 1 | paste -s -d , - | sed 's/,/, /g')."
    say "Everything else in this cluster that uses them loses them as well."
  else
    say "The third-party parts stay; --all deletes them as well."
  fi
}

confirm() {
  [[ $yes == no && $dry_run == no ]] || return 0
  [[ -t 0 ]] || refuse "There is no terminal to ask for confirmation. Add --yes to delete without asking."
  local answer
  read -r -p "      Type $namespace to delete it from $context: " answer
  [[ $answer == "$namespace" ]] || refuse "Nothing was deleted."
}
