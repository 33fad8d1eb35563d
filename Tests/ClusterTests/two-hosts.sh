#!/usr/bin/env bash
# Runs one job on two hosts with addresses of their own: network namespaces with a veth pair between them, made inside
# namespaces of this script's own, so that nothing outside changes and all of it goes with the script.
#   two-hosts.sh ADMIX JOB.yaml BASE DIRECTORY [blackhole]
# With `blackhole`, the hosts' runners advertise addresses that lead nowhere, and the job must name them.
set -euo pipefail

if [ "${ADMIX_INSIDE_NAMESPACE:-}" != yes ]; then
  exec env ADMIX_INSIDE_NAMESPACE=yes unshare -rnm --kill-child bash "$0" "$@"
fi

admix=$1 job=$2 base=$3 directory=$4 mode=${5:-}

mount -t tmpfs tmpfs /run
mkdir -p /run/netns
ip link set lo up
for host in one two; do ip netns add $host; done
ip link add veth1 type veth peer name veth2
ip link set veth1 netns one
ip link set veth2 netns two
ip -n one addr add 10.77.0.1/24 dev veth1
ip -n two addr add 10.77.0.2/24 dev veth2
for host in one two; do ip -n $host link set lo up; done
ip -n one link set veth1 up
ip -n two link set veth2 up

trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true' EXIT
export ADMIX_COORDINATOR=10.77.0.1:7450
timing=(--timing-scale 0.1)

ip netns exec one "$admix" coordinator --listen 10.77.0.1:7450 --insecure-network --state "$directory/state" \
  "${timing[@]}" 2>"$directory/coordinator.err" &
for _ in $(seq 100); do
  ip netns exec one "$admix" status >/dev/null 2>&1 && break
  sleep 0.1
done
advertise_one=() advertise_two=()
if [ "$mode" = blackhole ]; then
  # Control connections live; data connections find no host behind the other's address.
  for host in one two; do ip -n $host addr add 10.77.1.$([ $host = one ] && echo 1 || echo 2)/32 dev lo; done
  ip -n one route add blackhole 10.77.1.2/32
  ip -n two route add blackhole 10.77.1.1/32
  advertise_one=(--advertise 10.77.1.1) advertise_two=(--advertise 10.77.1.2)
fi
ip netns exec one "$admix" worker --name one --cache "$directory/cache-one" "${advertise_one[@]}" --data-port 7500-7509 --insecure-network \
  "${timing[@]}" 2>"$directory/one.err" &
ip netns exec two "$admix" worker --name two --cache "$directory/cache-two" "${advertise_two[@]}" --data-port 7500-7509 --insecure-network \
  "${timing[@]}" 2>"$directory/two.err" &
for _ in $(seq 100); do
  [ "$(ip netns exec one "$admix" status --json | grep -c '"isa"' || true)" -ge 2 ] && break
  sleep 0.1
done

id=$(ip netns exec two "$admix" submit "$job" --base "$base" --json | sed -n 's/.*"id"[: ]*\([0-9]*\).*/\1/p')
ip netns exec two "$admix" wait "$id" --timeout 90 >/dev/null || true
ip netns exec two "$admix" logs "$id" >"$directory/events.txt"
ip netns exec one "$admix" show "$id" --json
