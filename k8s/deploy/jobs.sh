# shellcheck shell=bash
# Migrations and broker definitions. They are the first of our own programs to run, so that an image that cannot be
# fetched is noticed here.

# A registry may be slow, or away for a moment.
image_patience_s=60

run_jobs() {
  local jobs job
  mapfile -t jobs < <(names "$work/jobs.yaml" Job)
  # A Job cannot be changed. Those of an earlier run have done their work.
  change kube delete job "${jobs[@]}" --namespace "$namespace" --ignore-not-found --wait | sed 's/^ */      /'
  if [[ $dry_run == yes ]]; then
    # What the cluster would say of changed Jobs, it says only when the earlier ones are gone.
    reachable=no apply "$work/jobs.yaml" "jobs"
    return
  fi
  apply "$work/jobs.yaml" "jobs"
  for job in "${jobs[@]}"; do
    await_job "$job"
  done
}

await_job() { # NAME
  local end=$((SECONDS + ${patience%s})) began=$SECONDS said=$SECONDS state
  look=(
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
        fail "The Job $1 failed; above is what it said last."
        ;;
    esac
    if ((SECONDS - said >= 10)); then
      said=$SECONDS
      say "$1 is still running"
      ((SECONDS - began < image_patience_s)) || check_image "$1"
    fi
    sleep 2
  done
  fail "The Job $1 has not ended within $patience."
}

check_image() { # JOB
  local reason image
  while read -r reason image; do
    [[ $reason == *Image* ]] || continue
    fail "The cluster cannot fetch the image $image ($reason)." \
      "Build the images and load them into its nodes, or name the registry that has them with --images and --tag:" \
      "docs/kubernetes.md, \"Deploying\", has the commands."
  done < <(kube get pods -l "batch.kubernetes.io/job-name=$1" --namespace "$namespace" \
    -o go-template='{{range .items}}{{range .status.containerStatuses}}{{with .state.waiting}}{{.reason}} {{end}}{{.image}}{{"\n"}}{{end}}{{end}}')
}
