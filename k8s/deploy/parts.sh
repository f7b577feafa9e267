# shellcheck shell=bash
# Checks what the cluster must have, and what it must not have yet.

# The first version whose HTTPRoutes know the redirect 308.
minimum_gateway_api=1.5

# Checks for parts that most clusters have. Without them, pods would wait in vain.
check_parts() {
  [[ $reachable == yes ]] || return 0
  local nodes classes
  if grep -Eq '^kind: (HorizontalPodAutoscaler|ScaledObject)$' "$work/overlay.yaml" &&
    ! kube get --raw /apis/metrics.k8s.io/v1beta1 >/dev/null 2>&1; then
    missing+=("metrics-server, which the autoscalers read: https://github.com/kubernetes-sigs/metrics-server")
  fi
  # A user who may not list these can still continue.
  classes=$(kube get storageclasses -o go-template="$classes_template" 2>/dev/null) || classes=unknown
  [[ -n $classes ]] || missing+=("a default StorageClass, for the volumes of databases and broker:" \
    "  https://kubernetes.io/docs/tasks/administer-cluster/change-default-storage-class/")
  nodes=$(kube get nodes -o go-template="$nodes_template" 2>/dev/null | wc -w) || nodes=unknown
  [[ $overlay != production || $nodes == unknown ]] || ((nodes >= 3)) ||
    missing+=("nodes: $nodes accept pods, but three are needed, one for each instance of a database or of the broker")
}

# The nodes that accept a pod without tolerations. None of our pods has any.
# shellcheck disable=SC2016 # These are the template's own variables.
nodes_template='{{range .items}}{{$takes := true}}{{if .spec.unschedulable}}{{$takes = false}}{{end}}{{range .spec.taints}}{{if ne .effect "PreferNoSchedule"}}{{$takes = false}}{{end}}{{end}}{{if $takes}}{{.metadata.name}} {{end}}{{end}}'
# The classes that volumes get when they name none.
classes_template='{{range .items}}{{with .metadata.annotations}}{{if eq (index . "storageclass.kubernetes.io/is-default-class") "true"}}yes{{end}}{{end}}{{end}}'

# One overlay does not take over from another. Production would create new, empty databases beside those of the others, and laptop
# would open what staging has closed.
check_other_overlay() {
  [[ $reachable == yes ]] || return 0
  local other theirs
  # The first that is found tells which one it is: staging has what laptop has, and account besides.
  for theirs in production=cluster.postgresql.cnpg.io/order-db staging=statefulset.apps/account-db laptop=statefulset.apps/order-db; do
    other=${theirs%%=*} theirs=${theirs#*=}
    ! has_object "$theirs" || break
    other=$overlay
  done
  [[ $other != "$overlay" ]] || return 0
  missing+=("the argument $other: $namespace has $theirs of that overlay, from which $overlay would not take over."
    "  To keep the data: ./deploy-to-cluster.sh $other, with the other options that you deployed it with."
    "  To delete all of it: ./deploy-to-cluster.sh $other --delete")
}

has_object() { # KIND/NAME
  local found
  # A cluster that does not know the kind has none of it.
  found=$(kube get "$1" --namespace "$namespace" --ignore-not-found -o name 2>"$work/why") ||
    grep -q "doesn't have a resource type" "$work/why" ||
    refuse "The cluster cannot tell whether $namespace has $1: $(tail -n 1 "$work/why")" "Run this again."
  [[ -n $found ]]
}

# Prints what is wrong with the cluster's Gateway API, if it has one: versions before 1.5 refuse the redirect.
gateway_api_problem() {
  local version
  version=$(kube get customresourcedefinition httproutes.gateway.networking.k8s.io --ignore-not-found \
    -o go-template='{{index .metadata.annotations "gateway.networking.k8s.io/bundle-version"}}' 2>/dev/null) || return 0
  [[ -z $version ]] || newer_or_same "$minimum_gateway_api" "$version" ||
    printf 'The Gateway API in the cluster is %s; %s or newer is needed, for the redirect with status 308.' \
      "$version" "$minimum_gateway_api"
}
