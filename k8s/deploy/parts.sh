# shellcheck shell=bash
# What the cluster has to have, and what it must not have already.

# The first whose HTTPRoutes know the redirect 308.
minimum_gateway_api=1.5

# What comes with most clusters, and without which pods would wait for nothing.
check_parts() {
  [[ $reachable == yes ]] || return 0
  local nodes classes
  if grep -Eq '^kind: (HorizontalPodAutoscaler|ScaledObject)$' "$work/overlay.yaml" &&
    ! kube get --raw /apis/metrics.k8s.io/v1beta1 >/dev/null 2>&1; then
    missing+=("metrics-server, which the autoscalers go by: https://github.com/kubernetes-sigs/metrics-server")
  fi
  # Whoever may not look at these is not kept from going on.
  classes=$(kube get storageclasses -o go-template="$classes_template" 2>/dev/null) || classes=unknown
  [[ -n $classes ]] || missing+=("a default StorageClass, from which databases and broker get their volumes:" \
    "  https://kubernetes.io/docs/tasks/administer-cluster/change-default-storage-class/")
  nodes=$(kube get nodes -o go-template="$nodes_template" 2>/dev/null | wc -w) || nodes=unknown
  [[ $overlay != production || $nodes == unknown ]] || ((nodes >= 3)) ||
    missing+=("nodes: there are $nodes that take pods, and three databases and brokers of each kind want one each")
}

# Nodes on which a pod may start that tolerates nothing, as all of these.
# shellcheck disable=SC2016 # They are the template's own variables.
nodes_template='{{range .items}}{{$takes := true}}{{if .spec.unschedulable}}{{$takes = false}}{{end}}{{range .spec.taints}}{{if ne .effect "PreferNoSchedule"}}{{$takes = false}}{{end}}{{end}}{{if $takes}}{{.metadata.name}} {{end}}{{end}}'
# Of the classes that volumes come from where none is named.
classes_template='{{range .items}}{{with .metadata.annotations}}{{if eq (index . "storageclass.kubernetes.io/is-default-class") "true"}}yes{{end}}{{end}}{{end}}'

# One overlay does not take over the databases of the other: it would make new, empty ones beside them.
check_other_overlay() {
  [[ $reachable == yes ]] || return 0
  local other=laptop theirs=statefulset.apps/order-db
  [[ $overlay == production ]] || other=production theirs=cluster.postgresql.cnpg.io/order-db
  [[ -n $(kube get "$theirs" --namespace "$namespace" --ignore-not-found -o name 2>/dev/null) ]] || return 0
  missing+=("the overlay $other as an argument, if that is what you meant: there is $theirs in $namespace, with data that"
    "  $overlay would not take over. To go on with it: ./deploy-to-cluster.sh $other, and what else you deployed it with."
    "  Only to lose all of its data: ./deploy-to-cluster.sh $other --delete")
}

# What is wrong with the Gateway API's kinds, if the cluster has any: those before 1.5 refuse the redirect.
old_gateway_kinds() {
  local version
  version=$(kube get customresourcedefinition httproutes.gateway.networking.k8s.io --ignore-not-found \
    -o go-template='{{index .metadata.annotations "gateway.networking.k8s.io/bundle-version"}}' 2>/dev/null) || return 0
  [[ -z $version ]] || newer_or_same "$minimum_gateway_api" "$version" ||
    printf 'The kinds of the Gateway API are of %s; %s or newer is needed, for the redirect with 308.' \
      "$version" "$minimum_gateway_api"
}
