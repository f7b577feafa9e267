# shellcheck shell=bash
# Creates the Secrets that k8s/secrets.tsv lists. Existing values stay as they are, but for those that are made of others: they
# follow them, and the table. No value is ever shown: values reach kubectl through its standard input and are on no command
# line.

secrets_file=$project/k8s/secrets.tsv
renew_certificate_s=$((30 * 24 * 60 * 60))

# Prints the rows of this overlay, one "namespace secret key value" per line.
secret_rows() {
  awk -F '\t' -v OFS='\t' -v overlay="$overlay" '
    /^#/ { next }
    $1 == "all" || ("," $1 ",") ~ ("," overlay ",") { print $2, $3, $4, $5 }' "$secrets_file"
}

make_secrets() {
  local ns
  apply "$work/namespaces.yaml" "namespaces"
  while read -r ns; do
    hints=("$(kubectl_command) get secrets --namespace $ns")
    make_namespace "$ns"
    make_secrets_in "$ns" </dev/null
  done < <(secret_rows | cut -f 1 | sort -u)
}

make_namespace() { # NAMESPACE
  if [[ $reachable == no ]] || ! kube get namespace "$1" >/dev/null 2>&1; then
    run_or_show kube create namespace "$1" | sed 's/^ */      /'
  fi
}

# Finds values that a person must provide and that are still missing.
check_provided_secrets() {
  [[ $reachable == yes ]] || return 0
  local ns name key keys
  while IFS=$'\t' read -r ns name; do
    read_secrets "$ns" "$name" </dev/null
    keys=''
    while read -r key; do
      [[ -n ${stored["$name $key"]-} ]] || keys+=" --from-literal=$key=…"
    done < <(secret_rows | awk -F '\t' -v name="$name" '$2 == name && $4 == "given" { print $3 }')
    [[ -z $keys ]] || missing+=(
      "values for the Secret $name. Create it, and its namespace if there is none yet:"
      "  $(kubectl_command) create namespace $ns"
      "  $(kubectl_command) create secret generic $name --namespace $ns$keys"
    )
  done < <(secret_rows | awk -F '\t' -v OFS='\t' '$4 == "given" { print $1, $2 }' | uniq)
}

# The values in the cluster, still in base64, by "secret key".
declare -A stored=()

read_secrets() { # NAMESPACE SECRET …
  local name key coded
  stored=()
  # A name that no Secret has makes the result a list, even when there is only one Secret.
  # shellcheck disable=SC2016 # These are the template's own variables.
  local template='{{range .items}}{{$n := .metadata.name}}{{range $k, $v := .data}}{{$n}} {{$k}} {{$v}}{{"\n"}}{{end}}{{end}}'
  kube get secret "${@:2}" no-secret --namespace "$1" --ignore-not-found -o go-template="$template" >"$work/secrets"
  while read -r name key coded; do
    stored["$name $key"]=$coded
  done <"$work/secrets"
  rm "$work/secrets"
}

make_secrets_in() { # NAMESPACE
  local name rows names manifests=''
  mapfile -t rows < <(secret_rows | awk -F '\t' -v OFS='\t' -v ns="$1" '$1 == ns { print $2, $3, $4 }')
  mapfile -t names < <(printf '%s\n' "${rows[@]}" | cut -f 1 | uniq)
  [[ $reachable == no ]] || read_secrets "$1" "${names[@]}"
  for name in "${names[@]}"; do
    make_secret "$1" "$name"
  done
  [[ -n $manifests && $dry_run == no ]] || return 0
  kube apply --server-side "--field-manager=$manager" -f - <<<"$manifests" >/dev/null
}

# Adds the keys that the Secret lacks, according to the caller's `rows`, to the caller's `manifests`.
make_secret() { # NAMESPACE SECRET
  local row name key value keys=() created=() changed=() required=()
  local -A have=() wanted=()
  for row in "${rows[@]}"; do
    IFS=$'\t' read -r name key value <<<"$row"
    [[ $name == "$2" ]] || continue
    keys+=("$key")
    wanted[$key]=$value
    [[ -z ${stored["$2 $key"]-} ]] || have[$key]=$(openssl base64 -d -A <<<"${stored["$2 $key"]}")
  done
  drop_old_certificate
  [[ ${wanted[tls.crt]-} != authority || -z ${have[tls.crt]-} ]] || remember_authority
  for key in "${keys[@]}"; do
    if [[ -n ${have[$key]-} ]]; then
      update_composed "$key"
      continue
    fi
    if [[ ${wanted[$key]} == given ]]; then
      required+=("$key")
    else
      have[$key]=$(new_value "${wanted[$key]}")
      created+=("$key")
    fi
  done
  if ((${#required[@]} > 0)); then
    say "$2: you must provide ${required[*]}"
  elif ((${#created[@]} + ${#changed[@]} == 0)); then
    say "$2: kept"
  elif [[ $dry_run == yes ]]; then
    say "+ $(printable kube apply --server-side) -f - # Secret $1/$2: ${created[*]} ${changed[*]}"
  else
    manifests+=$(manifest "$1" "$2")$'\n'
    say "$2:${created:+ created ${created[*]}}${changed:+ changed ${changed[*]}}"
  fi
}

# Makes a value again that is made of others, if it is another now. The caller's `have` has the values.
update_composed() { # KEY
  local text
  [[ ${wanted[$1]} == *{*}* ]] || return 0
  text=$(new_value "${wanted[$1]}")
  [[ $text != "${have[$1]}" ]] || return 0
  have[$1]=$text
  changed+=("$1")
}

# A certificate that expires soon, or that nobody trusts any more, is created again, with its key. The caller's `have` has the values.
drop_old_certificate() {
  [[ -n ${have[tls.crt]-} ]] || return 0
  openssl x509 -checkend "$renew_certificate_s" -noout <<<"${have[tls.crt]}" >/dev/null ||
    unset 'have[tls.crt]' 'have[tls.key]' 'have[ca.crt]'
  # Another authority has signed it than the one that clients trust.
  [[ ${wanted[tls.crt]-} != 'signed '* || -z ${have[tls.crt]-} ]] || openssl verify -CAfile "$work/authority.crt" \
    <(printf '%s\n' "${have[tls.crt]}") >/dev/null 2>&1 || unset 'have[tls.crt]' 'have[tls.key]' 'have[ca.crt]'
}

new_value() { # VALUE, as the table has it; the caller's `have` has the keys before it
  local text=$1 key hosts
  case $text in
    random) random_text ;;
    certificate) self_signed && cat "$work/tls.crt" ;;
    authority) make_authority && cat "$work/authority.crt" ;;
    authority-key) cat "$work/authority.key" ;;
    authority-certificate) cat "$work/authority.crt" ;;
    'signed '*)
      read -ra hosts <<<"${text#signed }"
      sign "${hosts[@]}" && cat "$work/tls.crt"
      ;;
    certificate-key | signed-key) cat "$work/tls.key" ;;
    *)
      for key in "${!have[@]}"; do text=${text//"{$key}"/"$(url_encoded "${have[$key]}")"}; done
      printf '%s' "$text"
      ;;
  esac
}

# As a part of a URL. Every byte that is neither a letter nor a digit is escaped, so a password may have any.
url_encoded() { # TEXT
  local LC_ALL=C i
  for ((i = 0; i < ${#1}; i++)); do
    case ${1:i:1} in
      [A-Za-z0-9._~-]) printf '%s' "${1:i:1}" ;;
      *) printf '%%%02X' "'${1:i:1}" ;;
    esac
  done
}

random_text() {
  local text
  text=$(openssl rand -base64 96 | tr -dc 'A-Za-z0-9')
  printf '%s' "${text:0:32}"
}

self_signed() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 397 -subj "/CN=$host" \
    -addext "subjectAltName=DNS:$host" -keyout "$work/tls.key" -out "$work/tls.crt" 2>/dev/null
}

# Its name is another each time: a program that trusts two authorities of the same name may take the wrong one.
make_authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
    -subj "/CN=chandlery $(openssl rand -hex 8)" -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -keyout "$work/authority.key" -out "$work/authority.crt" 2>/dev/null
}

# The one in the cluster signs what is new. The caller's `have` has it.
remember_authority() {
  printf '%s\n' "${have[tls.crt]}" >"$work/authority.crt"
  printf '%s\n' "${have[tls.key]}" >"$work/authority.key"
}

sign() { # HOST …
  printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=%s\n' \
    "$(printf 'DNS:%s\n' "$@" | paste -s -d , -)" >"$work/extensions"
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" \
    -keyout "$work/tls.key" -out "$work/request" 2>/dev/null
  openssl x509 -req -in "$work/request" -CA "$work/authority.crt" -CAkey "$work/authority.key" -days 397 \
    -set_serial "0x$(openssl rand -hex 16)" -extfile "$work/extensions" -out "$work/tls.crt" 2>/dev/null
}

manifest() { # NAMESPACE NAME; the caller's `have` has the values
  local key type=Opaque
  [[ -z ${have[username]-} || -z ${have[password]-} ]] || type=kubernetes.io/basic-auth
  [[ -z ${have[tls.crt]-} ]] || type=kubernetes.io/tls
  printf -- '---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\n  namespace: %s\n' "$2" "$1"
  printf '  labels:\n    app.kubernetes.io/part-of: chandlery\n    app.kubernetes.io/managed-by: %s\n' "$manager"
  # Without this label, CloudNativePG applies a changed password only when something else triggers it.
  [[ $type != kubernetes.io/basic-auth ]] || printf '    cnpg.io/reload: "true"\n'
  printf 'type: %s\ndata:\n' "$type"
  for key in "${!have[@]}"; do
    printf '  %s: %s\n' "$key" "$(openssl base64 -A < <(printf '%s' "${have[$key]}"))"
  done
}
