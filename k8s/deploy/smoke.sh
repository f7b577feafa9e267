# shellcheck shell=bash
# Tries the shop through the gateway, like a buyer: over TLS, by host name, with the certificate that it presents. Where everybody
# may do everything, it makes one checkout. Where people log in, nobody gives credit to a trial, so a buyer registers. Both see the
# first page, too.

gateway_timeout_s=180
# How long a port-forward may take to begin.
forward_timeout_s=20
forwarder=''
# The gateway's Service, as namespace/name.
gateway=''
curl_flags=()
status=''
body=''
# What the next requests are sent with: a token, or a session.
token=''

smoke() {
  hints=("$(kubectl_command) get gateway,httproute --namespace $namespace -o wide")
  if [[ $dry_run == yes ]]; then
    local at=${url:-https://$host, through a port-forward to the gateway}
    [[ $access == required ]] || say "+ one user, one item, one order and its checkout at $at"
    [[ $access != required ]] || say "+ one account, one user, one empty order and its checkout at $at"
    return
  fi
  [[ -n $url ]] || reach_gateway
  if [[ $access == required ]]; then
    await_gateway GET /account/jwks.json
    visit
  else
    await_gateway POST /payment/create_user
    buy "$(id_of "$body")"
  fi
  await_gateway GET /
}

buy() { # USER
  local user=$1 item order
  expect_ok POST /stock/item/create/5
  item=$(id_of "$body")
  expect_ok POST "/orders/create/$user"
  order=$(id_of "$body")
  expect_ok POST "/payment/add_funds/$user/100"
  expect_ok POST "/stock/add/$item/10"
  expect_ok POST "/orders/addItem/$order/$item/2"
  check_out "$order"
  expect_ok GET "/payment/find_user/$user"
  [[ $body =~ \"credit\":\ *90[^0-9] ]] || fail "The user $user should have a credit of 90 left."
  expect_ok GET "/stock/find/$item"
  [[ $body =~ \"stock\":\ *8[^0-9] ]] || fail "The item $item should have 8 units left."
  say "order $order is paid, and was charged once; this user, item and order stay in the shop"
}

# A buyer who registers, has no credit and an empty order, and deletes the account. It shows that the gateway, account, payment and
# order reach each other and their databases, and that what only staff may do is not for buyers.
visit() {
  local password user order session person
  password=$(random_text)
  person="{\"email\":\"trial-$(random_text)@example.com\",\"password\":\"$password\"}"
  expect_ok POST /account/register "$person"
  expect_ok POST /account/login "$person"
  session=$(field session) token=$(field access_token)
  expect_ok POST /payment/create_user
  user=$(id_of "$body")
  expect_ok POST "/orders/create/$user"
  order=$(id_of "$body")
  request POST "/orders/checkout/$order"
  [[ $status == 400 && $body == *empty_order* ]] ||
    fail "The checkout of the empty order $order was answered $status: $body"
  request POST "/payment/add_funds/$user/100"
  [[ $status == 403 || $status == 404 ]] ||
    fail "A buyer must not be able to give themselves credit, and was answered $status: $body"
  expect_ok DELETE "/orders/remove/$order"
  token=$session
  expect_ok POST /account/delete "{\"password\":\"$password\"}"
  token=''
  say "a buyer registered, could not check out an empty order, could not take credit, and is gone again"
}

field() { # NAME, of the last body
  sed -nE "s/.*\"$1\": *\"([^\"]*)\".*/\1/p" <<<"$body"
}

# Sets status and body. What is secret is on no command line. Call it in this shell: a port-forward that a subshell starts would outlive the script.
request() { # METHOD PATH [JSON]
  local answer with=()
  if [[ -n $token ]]; then
    printf 'Authorization: Bearer %s\n' "$token" >"$work/authorization"
    with+=(--header "@$work/authorization")
  fi
  if [[ -n ${3-} ]]; then
    printf '%s' "$3" >"$work/body"
    with+=(--header 'Content-Type: application/json' --data "@$work/body")
  fi
  if [[ -z $url ]] && ! keep_forwarding; then
    status=000 body=''
    cat "$work/forward" >"$work/curl"
    return
  fi
  answer=$(curl --silent --show-error --max-time 40 "${curl_flags[@]}" "${with[@]}" --request "$1" --write-out '\n%{http_code}' \
    "${url:-https://$host}$2" 2>"$work/curl") || answer=$'\n000'
  status=${answer##*$'\n'}
  body=${answer%$'\n'*}
}

expect_ok() { # METHOD PATH [JSON]
  request "$@"
  [[ $status == 200 ]] || fail "$1 $2 was answered $status: $body$(cat "$work/curl")"
}

id_of() { # BODY
  grep -Eo '[0-9a-f]{8}-[0-9a-f-]{27}' <<<"$1" | head -n 1
}

# A checkout that is not decided in time, or whose answer is lost, can be requested again: it is charged only once.
check_out() { # ORDER
  local end=$((SECONDS + 60))
  while request POST "/orders/checkout/$1"; do
    if [[ $status == 200 && $body == *PAID* ]]; then return; fi
    [[ $status =~ ^(000|202|429|5..)$ ]] || fail "The checkout of $1 was answered $status: $body"
    ((SECONDS < end)) || fail "The checkout of $1 has no outcome after 60 s; the last answer was $status: $body"
    say "the checkout was answered $status; trying again"
    sleep 2
  done
}

# Repeats the first request until the gateway knows the routes.
await_gateway() { # METHOD PATH
  local end=$((SECONDS + gateway_timeout_s))
  while request "$1" "$2"; do
    if [[ $status == 200 ]]; then return; fi
    ((SECONDS < end)) || fail "The gateway does not reach the shop; its last answer was $status: $body$(cat "$work/curl")"
    sleep 2
  done
}

# Finds the gateway's Service and the certificate that the gateway presents.
reach_gateway() {
  local end=$((SECONDS + gateway_timeout_s))
  until gateway=$(gateway_service) && [[ -n $gateway ]]; do
    ((SECONDS < end)) || fail "The Gateway chandlery has no Service: its controller has not created one."
    sleep 2
  done
  # If an authority issues the certificate, it may take a while.
  until kube get secret chandlery-tls --namespace "$namespace" -o go-template='{{index .data "tls.crt" | base64decode}}' \
    >"$work/trusted.crt" 2>/dev/null; do
    ((SECONDS < end)) || no_certificate
    sleep 2
  done
}

# Starts a port-forward to the gateway, unless one runs. A port-forward works with every kind of cluster, even if this
# machine cannot reach the gateway's address. It leads to one pod: it fails until that pod runs, and ends with it.
keep_forwarding() {
  local port end=$((SECONDS + forward_timeout_s))
  ! is_forwarding || return 0
  : >"$work/forward"
  # Not the function kube: $! would be the shell in which it runs, and kubectl would outlive that.
  kubectl --context "$context" port-forward --namespace "${gateway%/*}" "service/${gateway#*/}" :443 \
    >"$work/forward" 2>&1 &
  forwarder=$!
  until port=$(sed -nE 's/^Forwarding from 127\.0\.0\.1:([0-9]+).*/\1/p' "$work/forward") && [[ -n $port ]]; do
    if ! is_forwarding || ((SECONDS >= end)); then
      stop_forwarding
      return 1
    fi
    sleep 0.2
  done
  # A proxy, which the environment may name, does not reach this machine's own port.
  curl_flags=(--noproxy '*' --connect-to "$host:443:127.0.0.1:$port" --cacert "$work/trusted.crt")
}

is_forwarding() {
  [[ -n $forwarder ]] && kill -0 "$forwarder" 2>/dev/null
}

no_certificate() {
  hints+=("$(kubectl_command) describe certificate,challenge --namespace $namespace")
  local address
  address=$(kube get gateway chandlery --namespace "$namespace" \
    -o go-template='{{range .status.addresses}}{{.value}} {{end}}' 2>/dev/null) || true
  fail "There is no certificate in the Secret chandlery-tls." \
    "An authority issues one only when $host points to the Gateway, whose address is: ${address:-none yet}" \
    "The first deployment creates that address. Point the host name to it, then run this again."
}

gateway_service() {
  local label=gateway.envoyproxy.io/owning-gateway
  kube get service --all-namespaces -l "$label-name=chandlery,$label-namespace=$namespace" \
    -o go-template='{{range .items}}{{.metadata.namespace}}/{{.metadata.name}}{{"\n"}}{{end}}' | head -n 1
}

stop_forwarding() {
  ! is_forwarding || kill "$forwarder" 2>/dev/null || true
  forwarder=''
}

print_addresses() {
  local grafana first='payment/create_user --request POST'
  [[ $access != required ]] || first=account/jwks.json
  grafana=$(wanted_charts | awk '/kube-prometheus-stack/ { print $1, $5 }')
  cat <<END

Chandlery is up: https://$host
END
  if [[ -z $url ]]; then
    cat <<END
If that name does not point to the cluster, forward a port to the gateway:
  $(kubectl_command) port-forward --namespace ${gateway%/*} service/${gateway#*/} 8443:443
  curl --noproxy '*' --connect-to $host:443:127.0.0.1:8443 --cacert <($(kubectl_command) get secret chandlery-tls --namespace $namespace -o go-template='{{index .data "tls.crt" | base64decode}}') https://$host/$first
END
  fi
  [[ -n $grafana ]] || return 0
  cat <<END
Grafana, with the user admin and the password that the second command prints:
  $(kubectl_command) port-forward --namespace ${grafana#* } service/${grafana% *}-grafana 3000:80      # http://localhost:3000
  $(kubectl_command) get secret grafana-admin --namespace ${grafana#* } -o go-template='{{index .data "admin-password" | base64decode}}'
END
}
