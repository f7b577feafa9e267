# shellcheck shell=bash
# Steps, progress, and what is said when one fails.

step_number=0
step_title=''
step_began=0
# Commands that show more of what the present step is about.
look=()

step() { # TITLE COMMAND [ARGUMENT …]
  step_number=$((step_number + 1))
  step_title=$1
  step_began=$SECONDS
  look=()
  shift
  printf '\n[%d/%d] %s\n' "$step_number" "$steps" "$step_title"
  "$@"
  step_title=''
  printf '      done in %d s\n' $((SECONDS - step_began))
}

say() {
  printf '      %s\n' "$*"
}

# What a person has to mend before anything can be done.
refuse() {
  printf '%s\n' "$@" >&2
  exit 2
}

fail() { # LINE …
  printf '\n' >&2
  printf '%s\n' "$@" >&2
  exit 1
}

say_what_failed() {
  if [[ -n $step_title ]]; then
    printf 'Step %d, "%s", failed after %d s.\n' "$step_number" "$step_title" $((SECONDS - step_began))
  fi
  if ((${#look[@]} > 0)); then
    printf 'To look further:\n'
    printf '  %s\n' "${look[@]}"
  fi
  [[ $dry_run == yes ]] || printf 'What was done so far stays, and running this again goes on from there.\n'
}

# Runs a command that changes something; of a dry run, only the command is shown.
change() {
  if [[ $dry_run == yes ]]; then
    say "+ $(shown "$@")"
  else
    "$@"
  fi
}

# A command as a person would type it.
shown() {
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
