#!/usr/bin/env bash
# The first process of a node, in network, mount and process namespaces of its own. When it ends, however it ends, the
# kernel ends the node's other processes and forgets its mounts. Arguments: archives of images.
set -euo pipefail
: "${NODE:?}" "${ADDRESSES:?}" "${TABLES:?}" "${FOLDER:?}" "${LOGS:?}" "${KUBELET:?}" "${POLICIES:?}" "${CA:?}"
: "${SERVER:?}" "${SERVER_PORT:?}" "${CGROUPS:?}" "${ENVOY:?}" "${ENVOY_BY_DIGEST:?}"

for file in $CGROUPS; do echo 0 >"$file"; done
# Pods may share mounts with the node, and the node shares none with the machine.
mount --make-rshared /
for folder in /run /var/lib /var/log; do mount -t tmpfs -o mode=755 tmpfs "$folder"; done
mkdir -p /var/lib/kubelet /run/secrets/kubernetes.io/serviceaccount /run/kernel
mount --bind "$FOLDER/kubelet" /var/lib/kubelet
# Kubelet would change these settings for the whole machine. It changes none that it finds as it wants it.
while read -r name value; do
  echo "$value" >"/run/kernel/${name//\//.}"
  mount --bind "/run/kernel/${name//\//.}" "/proc/sys/$name"
done <<'END'
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
END

until { ip route show default && ip -6 route show default; } | grep -q .; do sleep 0.1; done
echo 1 >/proc/sys/net/ipv4/ip_forward
[[ $TABLES != *ip6tables* ]] || echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
# The first packet of each connection of a pod is judged by kube-network-policies. It cannot add these rules itself where
# the kernel lacks a part of nftables.
for tables in $TABLES; do
  "$tables" -t mangle -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
  "$tables" -t mangle -A FORWARD -m conntrack --ctstate NEW -j NFQUEUE --queue-num 100
done

# Runs a program. When it ends, however early, so does the node. `wait -n` would miss what ended before it was called.
trap 'exit 1' TERM
keep() {
  local name=$1 log=$LOGS/$1.log
  {
    "$@" >"$log" 2>&1 || true
    echo "$name has ended. The end of $log:"
    tail -n 5 "$log"
    kill $$
  } &
}

keep containerd --config "$FOLDER/containerd.toml"
until ctr version >/dev/null 2>&1; do sleep 0.2; done
# Its part for Kubernetes looks first at what was running when the node was switched off. A kubelet that asks before that ends.
for ((tenths = 0; tenths < 300; tenths++)); do
  ! grep --quiet 'Start streaming server' "$LOGS/containerd.log" || break
  sleep 0.1
done
sleep 0.2
# A node that was off still has its images.
if [[ ! -e $FOLDER/has-images ]]; then
  for archive; do ctr --namespace k8s.io images import "$archive"; done
  ctr --namespace k8s.io images tag --force "$ENVOY" "$ENVOY_BY_DIGEST"
  touch "$FOLDER/has-images"
fi
keep kubelet --config "$FOLDER/kubelet.yaml" --kubeconfig "$KUBELET" --hostname-override "$NODE" \
  --node-ip "$ADDRESSES" --v 2
keep kube-proxy --config "$FOLDER/kube-proxy.yaml"
# It reads its login only where a pod has it.
cp "$CA" /run/secrets/kubernetes.io/serviceaccount/ca.crt
cp "$POLICIES" /run/secrets/kubernetes.io/serviceaccount/token
KUBERNETES_SERVICE_HOST=$SERVER KUBERNETES_SERVICE_PORT=$SERVER_PORT keep kube-network-policies \
  --hostname-override "$NODE" --disable-nri --netfilter-bug-1766-fix=false --metrics-bind-address 127.0.0.1:9080 --v 2
wait
