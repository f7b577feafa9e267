# shellcheck shell=bash
# Migrations and broker definitions. They are the first of our own programs to run, so an image that cannot be fetched
# is noticed here.

# How long a Job runs before its image is checked. A registry may be slow, or unavailable for a moment.
image_timeout_s=60
# Longer than any Job may run (activeDeadlineSeconds), so that it is always the Job that says what went wrong.
job_timeout_s=960

run_jobs() {
  local jobs job
  mapfile -t jobs < <(names "$work/jobs.yaml" Job)
  # A Job cannot be changed, so those of an earlier run are deleted. They have done their work.
  run_or_show kube delete job "${jobs[@]}" --namespace "$namespace" --ignore-not-found --wait --timeout="$timeout" |
    sed 's/^ */      /'
  if [[ $dry_run == yes ]]; then
    # The cluster can check changed Jobs only when the earlier ones are deleted.
    reachable=no apply "$work/jobs.yaml" "jobs"
    return
  fi
  apply "$work/jobs.yaml" "jobs"
  for job in "${jobs[@]}"; do
    await_job "$job"
  done
}

await_job() { # NAME
  local end=$((SECONDS + job_timeout_s)) started=$SECONDS reported=$SECONDS state last
  hints=(
    "$(kubectl_command) logs job/$1 --namespace $namespace --tail=100"
    "$(kubectl_command) describe job/$1 --namespace $namespace"
  )
  while ((SECONDS < end)); do
    state=$(kube get job "$1" --namespace "$namespace" \
      -o jsonpath='{.status.conditions[?(@.status=="True")].type}')
    case $state in
      *Complete*)
        say "$1: $(kube logs "job/$1" --namespace "$namespace" --tail=1)"
        return
        ;;
      *Failed*)
        kube logs "job/$1" --namespace "$namespace" --tail=20 >&2 || true
        fail "The Job $1 failed; the end of its log is above."
        ;;
    esac
    if ((SECONDS - reported >= 10)); then
      reported=$SECONDS
      # A migration says who is in its way.
      last=$(kube logs "job/$1" --namespace "$namespace" --tail=1 2>/dev/null || true)
      say "$1 is still running${last:+: $last}"
      ((SECONDS - started < image_timeout_s)) || check_image "$1"
    fi
    sleep 2
  done
  fail "The Job $1 did not end within $job_timeout_s s."
}

check_image() { # JOB
  local reason image
  while read -r reason image; do
    [[ $reason == *Image* ]] || continue
    fail "The cluster cannot fetch the image $image ($reason)." \
      "Build the images and load them into its nodes, or name a registry that has them with --images and --tag." \
      "The commands are in docs/kubernetes.md, under \"Deploying\"."
  done < <(kube get pods -l "batch.kubernetes.io/job-name=$1" --namespace "$namespace" \
    -o go-template='{{range .items}}{{range .status.containerStatuses}}{{with .state.waiting}}{{.reason}} {{end}}{{.image}}{{"\n"}}{{end}}{{end}}')
}
