# shellcheck shell=bash
# Prints steps, their progress and their failures.

step_number=0
step_title=''
step_started=0
# Commands that show more about the current step, for when it fails.
hints=()

step() { # TITLE COMMAND [ARGUMENT …]
  step_number=$((step_number + 1))
  step_title=$1
  step_started=$SECONDS
  hints=()
  shift
  printf '\n[%d/%d] %s\n' "$step_number" "$steps" "$step_title"
  "$@"
  step_title=''
  printf '      done in %d s\n' $((SECONDS - step_started))
}

say() {
  printf '      %s\n' "$*"
}

# Prints what a person must fix before anything can be done, and exits with status 2.
refuse() {
  printf '%s\n' "$@" >&2
  exit 2
}

fail() { # LINE …
  printf '\n' >&2
  printf '%s\n' "$@" >&2
  exit 1
}

report_failure() {
  if [[ -n $step_title ]]; then
    printf 'Step %d, "%s", failed after %d s.\n' "$step_number" "$step_title" $((SECONDS - step_started))
  fi
  if ((${#hints[@]} > 0)); then
    printf 'To find out more:\n'
    printf '  %s\n' "${hints[@]}"
  fi
  [[ $dry_run == yes ]] || printf 'What was done so far stays. Run this again to continue from there.\n'
}

# Runs a command that changes something. A dry run only shows the command.
run_or_show() {
  if [[ $dry_run == yes ]]; then
    say "+ $(printable "$@")"
  else
    "$@"
  fi
}

# Prints a command as a person would type it.
printable() {
  local text
  printf -v text '%q ' "$@"
  text=${text/#kube /"$(kubectl_command) "}
  printf '%s' "${text% }"
}

kubectl_command() {
  printf 'kubectl --context %q' "$context"
}

kube() {
  kubectl --context "$context" "$@"
}
