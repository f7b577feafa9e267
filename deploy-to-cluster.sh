#!/usr/bin/env bash
# Deploys Chandlery to a Kubernetes cluster, step by step, or deletes it. It is safe to run again at any time.
set -euo pipefail
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
  echo "This script needs bash 4.4 or newer, but this is $BASH_VERSION." >&2
  exit 2
fi

project=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
overlay='' context='' images='' tag='' url=''
dry_run=no delete=no yes=no all=no charts=yes
namespace=chandlery host='' access='' issuers='' steps=0 is_done=no

# shellcheck source=k8s/deploy/say.sh
source "$project/k8s/deploy/say.sh"
# shellcheck source=k8s/deploy/preflight.sh
source "$project/k8s/deploy/preflight.sh"
# shellcheck source=k8s/deploy/parts.sh
source "$project/k8s/deploy/parts.sh"
# shellcheck source=k8s/deploy/overlay.sh
source "$project/k8s/deploy/overlay.sh"
# shellcheck source=k8s/deploy/routes.sh
source "$project/k8s/deploy/routes.sh"
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

usage='Usage: ./deploy-to-cluster.sh [laptop|staging|production] [option …]
  --context NAME    the kubectl context to use; needed when kubectl knows several
  --dry-run         show what would be done and, if the cluster can be reached, whether it would accept that
  --images PREFIX   take the project'\''s images from PREFIX/order, PREFIX/payment, PREFIX/stock, PREFIX/account,
                    PREFIX/catalog, PREFIX/web and PREFIX/tools
  --tag TAG         the tag of these images, if it is not the one in the overlay
  --without-charts  do not install the third-party parts, only check that the cluster knows their kinds
  --url URL         the address of the gateway, for the trial checkout; by default it uses a port-forward
  --delete          delete Chandlery with all its data; asks first
      --yes         do not ask
      --all         delete the third-party parts as well
  --help            show this text
It installs the third-party parts with Helm, creates missing Secrets, starts databases and broker, runs migrations and
broker definitions, replaces the services one by one, applies the overlay with the pages, and makes one checkout through the
gateway; where people log in, a buyer registers there, and is refused what only staff may do.
Exit status: 0 done, 1 a step failed, 2 something must be fixed first and nothing was changed.
See docs/kubernetes.md for more.'

read_options() {
  while (($# > 0)); do
    case $1 in
      laptop | staging | production)
        [[ -z $overlay || $overlay == "$1" ]] || refuse "Choose one of laptop, staging and production." "$usage"
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
      *) refuse "Unknown argument \"$1\"." "$usage" ;;
    esac
    shift
  done
  [[ $delete == yes || $yes$all == nono ]] || refuse "--yes and --all need --delete." "$usage"
  [[ $all == no || $charts == yes ]] || refuse "--all deletes the charts, but --without-charts keeps them." "$usage"
  overlay=${overlay:-laptop}
}

deploy() {
  steps=8
  step "Checking the cluster" preflight
  step "Namespaces and Secrets" make_secrets
  step "Third-party parts" install_charts
  step "Databases and broker" apply_infrastructure
  step "Migrations and broker definitions" run_jobs
  step "The services" replace_services
  step "The overlay $overlay" apply_everything
  step "A trial through the gateway" smoke
  [[ $dry_run == yes ]] || print_addresses
}

delete_shop() {
  steps=2
  [[ $all == no ]] || steps=3
  step "Checking the cluster" preflight
  step "Deleting Chandlery" delete_everything
  [[ $all == no ]] || step "Third-party parts" remove_charts
}

clean_up() {
  local status=$?
  trap - EXIT
  stop_forwarding
  rm -rf "$work"
  # A signal ends the script with the status of whatever came before it.
  [[ $is_done == yes || $status == 2 ]] || report_failure >&2
  exit "$status"
}

read_options "$@"
work=$(mktemp -d)
trap clean_up EXIT
check_tools
if [[ $delete == yes ]]; then delete_shop; else deploy; fi
is_done=yes
