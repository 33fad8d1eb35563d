#!/bin/bash
# full-disk.sh SIDE ADMIX JOB BASE DIRECTORY ADDRESS: trains with one side's disk (`state` or `cache`) full from a first
# durable checkpoint on until the job is paused, then makes room and resumes it.
# Run below `unshare -rm`: the disk is a tmpfs that nobody else sees and that goes with the last process.
# Writes paused.json, events.txt and result.json to DIRECTORY; ends with the exit code of `admix wait`.
set -u
side=$1 admix=$2 job=$3 base=$4 directory=$5
export ADMIX_COORDINATOR=$6
cd "$directory" || exit 90
mkdir -p state cache
mount -t tmpfs -o size=160m tmpfs "$side" || exit 91
"$admix" coordinator --listen "$ADMIX_COORDINATOR" --state "$directory/state" --timing-scale 0.1 2>coordinator.err &
coordinator=$!
until "$admix" status >/dev/null 2>&1; do sleep 0.05; done
"$admix" worker --name w0 --threads 1 --cache "$directory/cache" --timing-scale 0.1 2>worker.err &
worker=$!
trap 'kill -9 $coordinator $worker 2>/dev/null' EXIT
id=$("$admix" submit "$job" --base "$base" --json | sed 's/.*"id": *\([0-9]*\).*/\1/')

# Within at most 30 s.
await() {
  for _ in $(seq 300); do
    "$admix" logs "$id" 2>/dev/null | grep -q "$1" && return 0
    sleep 0.1
  done
  return 1
}
await 'is durable' || exit 92
if [ "$side" = state ]; then
  # The journal shares the coordinator's disk and must be able to write down why the job rests: of the sixteenth that
  # the store keeps for it this leaves most.
  free=$(df --output=avail -B1 "$side" | tail -n 1)
  head -c $((free - 8 * 1024 * 1024)) /dev/zero >"$side/ballast"
else
  cat /dev/zero >"$side/ballast" 2>/dev/null
fi
await 'is PAUSED' || exit 93
"$admix" show "$id" --json >paused.json
rm "$side/ballast"
"$admix" resume "$id" >resume.out 2>&1 || exit 94
"$admix" wait "$id" --timeout 60 >wait.out 2>&1
status=$?
"$admix" logs "$id" >events.txt
"$admix" show "$id" --json >result.json
exit $status
