#!/usr/bin/env bash
# Brings Chandlery to a Kubernetes cluster, step by step, or takes it away. It may be run again at any time.
set -euo pipefail
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
  echo "It needs bash 4.4 or newer, and this one is $BASH_VERSION." >&2
  exit 2
fi

project=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
overlay='' context='' images='' tag='' url=''
dry_run=no delete=no yes=no all=no charts=yes
namespace=chandlery host='' steps=0

# shellcheck source=k8s/deploy/say.sh
source "$project/k8s/deploy/say.sh"
# shellcheck source=k8s/deploy/preflight.sh
source "$project/k8s/deploy/preflight.sh"
# shellcheck source=k8s/deploy/parts.sh
source "$project/k8s/deploy/parts.sh"
# shellcheck source=k8s/deploy/overlay.sh
source "$project/k8s/deploy/overlay.sh"
# shellcheck source=k8s/deploy/jobs.sh
source "$project/k8s/deploy/jobs.sh"
# shellcheck source=k8s/deploy/charts.sh
source "$project/k8s/deploy/charts.sh"
# shellcheck source=k8s/deploy/secrets.sh
source "$project/k8s/deploy/secrets.sh"
# shellcheck source=k8s/deploy/smoke.sh
source "$project/k8s/deploy/smoke.sh"
# shellcheck source=k8s/deploy/remove.sh
source "$project/k8s/deploy/remove.sh"

usage='Usage: ./deploy-to-cluster.sh [laptop|production] [option …]
  --context NAME    the context of kubectl that is meant; needed where it knows several
  --dry-run         show what would be done; where the cluster can be reached, ask it whether it would accept that
  --images PREFIX   take the project'\''s images from there: PREFIX/order, PREFIX/payment, PREFIX/stock, PREFIX/tools
  --tag TAG         their tag, where it is not the one that the overlay names
  --without-charts  the third-party parts are there already: only look whether the cluster knows their kinds
  --url URL         where the gateway is reached from here, for the trial checkout; without it, by a port-forward
  --delete          take Chandlery away, with all its data; asks first
      --yes         does not ask
      --all         takes the third-party parts away as well
  --help
It installs the third-party parts with Helm, makes the Secrets that are missing, brings up databases and broker, runs
migrations and broker definitions, applies the overlay, waits for it, and makes one checkout through the gateway.
Exit status: 0 done, 1 a step failed, 2 something has to be mended first, and nothing was changed.
docs/kubernetes.md says more.'

read_options() {
  while (($# > 0)); do
    case $1 in
      laptop | production)
        [[ -z $overlay || $overlay == "$1" ]] || refuse "It is either laptop or production." "$usage"
        overlay=$1
        ;;
      --context | --images | --tag | --url)
        [[ -n ${2-} && $2 != -* ]] || refuse "$1 needs a value." "$usage"
        printf -v "${1#--}" '%s' "$2"
        shift
        ;;
      --dry-run) dry_run=yes ;;
      --without-charts) charts=no ;;
      --delete) delete=yes ;;
      --yes) yes=yes ;;
      --all) all=yes ;;
      --help | -h) printf '%s\n' "$usage" && exit ;;
      *) refuse "\"$1\" is not understood." "$usage" ;;
    esac
    shift
  done
  [[ $delete == yes || $yes$all == nono ]] || refuse "--yes and --all belong to --delete." "$usage"
  [[ $all == no || $charts == yes ]] || refuse "--all takes the charts away, and --without-charts leaves them." "$usage"
  overlay=${overlay:-laptop}
}

deploy() {
  steps=8
  step "Looking at the cluster" preflight
  step "Namespaces and Secrets" make_secrets
  step "Third-party parts" install_charts
  step "Databases and broker" apply_ground
  step "Migrations and broker definitions" run_jobs
  step "The overlay $overlay" apply_everything
  step "Rollout" await_rollout
  step "A checkout through the gateway" smoke
  [[ $dry_run == yes ]] || say_where
}

take_away() {
  steps=2
  [[ $all == no ]] || steps=3
  step "Looking at the cluster" preflight
  step "Deleting Chandlery" remove
  [[ $all == no ]] || step "Third-party parts" remove_charts
}

leave() {
  local status=$?
  trap - EXIT
  stop_forwarding
  rm -rf "$work"
  ((status == 0 || status == 2)) || say_what_failed >&2
  exit "$status"
}

read_options "$@"
work=$(mktemp -d)
trap leave EXIT
check_tools
if [[ $delete == yes ]]; then take_away; else deploy; fi
