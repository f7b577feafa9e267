# shellcheck shell=bash
# One checkout through the gateway, as a buyer makes it: over TLS, by its name, with the certificate it presents.

gateway_patience_s=180
forwarder=''
# The gateway's Service, as namespace/name.
gateway=''
reach=()
status=''
body=''

smoke() {
  look=("$(kubectl_command) get gateway,httproute --namespace $namespace -o wide")
  if [[ $dry_run == yes ]]; then
    say "+ one user, one item, one order and its checkout at ${url:-https://$host, through a port-forward to the gateway}"
    return
  fi
  [[ -n $url ]] || reach_gateway
  await_gateway
  local user item order
  user=$(id_of "$body")
  item=$(id_of "$(must POST /stock/item/create/5)")
  order=$(id_of "$(must POST "/orders/create/$user")")
  must POST "/payment/add_funds/$user/100" >/dev/null
  must POST "/stock/add/$item/10" >/dev/null
  must POST "/orders/addItem/$order/$item/2" >/dev/null
  check_out "$order"
  [[ $(must GET "/payment/find_user/$user") =~ \"credit\":\ *90[^0-9] ]] || fail "The user $user should have 90 left."
  [[ $(must GET "/stock/find/$item") =~ \"stock\":\ *8[^0-9] ]] || fail "8 of the item $item should be left."
  say "order $order is paid, once; the user, the item and the order stay"
}

ask() { # METHOD PATH
  local answer
  answer=$(curl --silent --show-error --max-time 40 "${reach[@]}" --request "$1" --write-out '\n%{http_code}' \
    "${url:-https://$host}$2" 2>"$work/curl") || answer=$'\n000'
  status=${answer##*$'\n'}
  body=${answer%$'\n'*}
}

must() { # METHOD PATH: the body of a 200
  ask "$1" "$2"
  [[ $status == 200 ]] || fail "$1 $2 was answered $status: $body$(cat "$work/curl")"
  printf '%s' "$body"
}

id_of() { # BODY
  grep -Eo '[0-9a-f]{8}-[0-9a-f-]{27}' <<<"$1" | head -n 1
}

# A checkout that is not decided in time, or whose answer is lost, may be asked for again: it is charged once.
check_out() { # ORDER
  local end=$((SECONDS + 60))
  while ask POST "/orders/checkout/$1"; do
    if [[ $status == 200 && $body == *PAID* ]]; then return; fi
    [[ $status =~ ^(000|202|429|5..)$ ]] || fail "The checkout of $1 was answered $status: $body"
    ((SECONDS < end)) || fail "The checkout of $1 is not decided after 60 s; the last answer was $status: $body"
    say "the checkout was answered $status; asking again"
    sleep 2
  done
}

# The first request, a new user, is repeated until the gateway has taken up the routes.
await_gateway() {
  local end=$((SECONDS + gateway_patience_s))
  while ask POST /payment/create_user; do
    if [[ $status == 200 ]]; then return; fi
    ((SECONDS < end)) || fail "The gateway does not lead to the shop; its last answer was $status: $body$(cat "$work/curl")"
    sleep 2
  done
}

# A port-forward works with every kind of cluster, also where the gateway has no address that leads here.
reach_gateway() {
  local port end=$((SECONDS + gateway_patience_s))
  until gateway=$(gateway_service) && [[ -n $gateway ]]; do
    ((SECONDS < end)) || fail "No Service belongs to the Gateway chandlery: its controller has not made one."
    sleep 2
  done
  kube port-forward --namespace "${gateway%/*}" "service/${gateway#*/}" :443 >"$work/forward" 2>&1 &
  forwarder=$!
  until port=$(sed -nE 's/^Forwarding from 127\.0\.0\.1:([0-9]+).*/\1/p' "$work/forward") && [[ -n $port ]]; do
    { kill -0 "$forwarder" 2>/dev/null && ((SECONDS < end)); } || fail "No port-forward: $(cat "$work/forward")"
    sleep 0.2
  done
  # Where an authority issues it, the certificate may take a while.
  until kube get secret chandlery-tls --namespace "$namespace" -o go-template='{{index .data "tls.crt" | base64decode}}' \
    >"$work/trusted.crt" 2>/dev/null; do
    ((SECONDS < end)) || no_certificate
    sleep 2
  done
  reach=(--connect-to "$host:443:127.0.0.1:$port" --cacert "$work/trusted.crt")
}

no_certificate() {
  look+=("$(kubectl_command) describe certificate,challenge --namespace $namespace")
  local address
  address=$(kube get gateway chandlery --namespace "$namespace" \
    -o go-template='{{range .status.addresses}}{{.value}} {{end}}' 2>/dev/null) || true
  fail "There is no certificate in the Secret chandlery-tls." \
    "An authority gives one only when $host leads to the Gateway, whose address is: ${address:-none yet}" \
    "The first deployment makes that address. Let the name point there, and run this again."
}

gateway_service() {
  local label=gateway.envoyproxy.io/owning-gateway
  kube get service --all-namespaces -l "$label-name=chandlery,$label-namespace=$namespace" \
    -o go-template='{{range .items}}{{.metadata.namespace}}/{{.metadata.name}}{{"\n"}}{{end}}' | head -n 1
}

stop_forwarding() {
  [[ -z $forwarder ]] || kill "$forwarder" 2>/dev/null || true
}

say_where() {
  local grafana
  grafana=$(wanted_charts | awk '/kube-prometheus-stack/ { print $1, $5 }')
  cat <<END

Chandlery is up: https://$host
END
  if [[ -z $url ]]; then
    cat <<END
If that name does not lead to the cluster, forward a port to the gateway:
  $(kubectl_command) port-forward --namespace ${gateway%/*} service/${gateway#*/} 8443:443
  curl --connect-to $host:443:127.0.0.1:8443 --cacert <($(kubectl_command) get secret chandlery-tls --namespace $namespace -o go-template='{{index .data "tls.crt" | base64decode}}') https://$host/payment/create_user --request POST
END
  fi
  [[ -n $grafana ]] || return 0
  cat <<END
Grafana, as admin:
  $(kubectl_command) port-forward --namespace ${grafana#* } service/${grafana% *}-grafana 3000:80      # http://localhost:3000
  $(kubectl_command) get secret grafana-admin --namespace ${grafana#* } -o go-template='{{index .data "admin-password" | base64decode}}'
END
}
