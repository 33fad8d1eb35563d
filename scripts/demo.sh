#!/usr/bin/env bash
# The main job on a machine that has nothing but Debian 12 (or Ubuntu) and Swift: builds Admix, fetches a real model of
# 135 million parameters and makes a corpus of Debian's manual in Chinese and English, then continually pre-trains the
# model on both with two workers, of which one is killed on the way.
#   scripts/demo.sh [--no-kill] [--keep] [--admix PROGRAM] [OUTPUT]
#   scripts/demo.sh --study …    the study in miniature instead; see scripts/demo-study.sh
#     OUTPUT      where the results go (default: out/smollm2-chinese)
#     --no-kill   lets both workers live
#     --keep      keeps the last checkpoint (weights, moments: 1.6 GB) beside the model, to go on from
#     --admix     takes this program (scripts/package.sh's, say) and builds nothing
# What is fetched stays in ~/.cache/admix. The same command goes on where it was stopped.
set -euo pipefail
cd "$(dirname "$0")/.."

for argument in "$@"; do
  [ "$argument" != --study ] || exec bash scripts/demo-study.sh "$@"
done

kill_one=yes keep=no output= admix=
while [ $# -gt 0 ]; do
  argument=$1
  shift
  case $argument in
    --no-kill) kill_one=no ;;
    --keep) keep=yes ;;
    --admix)
      [ $# -gt 0 ] || { echo "error: --admix names a program: scripts/demo.sh --admix PROGRAM" >&2; exit 2; }
      admix=$(realpath "$1")
      [ -x "$admix" ] || { echo "error: --admix names $1, which is no program; leave it out to build one" >&2; exit 2; }
      shift ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit ;;
    -*) echo "error: $argument is no option; scripts/demo.sh [--no-kill] [--keep] [--admix PROGRAM] [OUTPUT]" >&2; exit 2 ;;
    *) [ -z "$output" ] || { echo "error: two output directories: $output and $argument" >&2; exit 2; }
      output=$argument ;;
  esac
done
output=$(realpath -m "${output:-out/smollm2-chinese}")
job=examples/smollm2-chinese.yaml
inputs=${XDG_CACHE_HOME:-${HOME:?}/.cache}/admix/demo
work=$(mktemp -d)
fetcher= killer=
# Ends what this script started, whatever ends the script.
cleanup() {
  for process in $fetcher $killer; do kill "$process" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT

say() { printf '== %s\n' "$*"; }

say "1/6 dependencies"
tools=()
command -v curl >/dev/null || tools+=(curl ca-certificates)
command -v unzip >/dev/null || command -v bsdtar >/dev/null || tools+=(unzip)
[ -n "$admix" ] && [ ${#tools[@]} -eq 0 ] || bash scripts/install-dependencies.sh ${tools[@]+"${tools[@]}"}

bash scripts/fetch-model.sh >"$work/model" 2>"$work/fetch.log" &
fetcher=$!

if [ -n "$admix" ]; then
  say "2/6 no build: $admix is there"
else
  say "2/6 building (about 4 minutes on two cores the first time); the model is fetched meanwhile"
  swift build -c release --product admix
  admix=$PWD/.build/release/admix
fi
started=$SECONDS

say "3/6 this host"
"$admix" doctor --directory "$output"

say "4/6 the model: SmolLM2-135M-Instruct"
wait "$fetcher" || { fetcher=; cat "$work/fetch.log" >&2; exit 1; }
fetcher=
cat "$work/fetch.log"
mkdir -p "$inputs"
ln -sfn "$(cat "$work/model")" "$inputs/SmolLM2-135M-Instruct.Q4_1.gguf"
ls -lL "$inputs/SmolLM2-135M-Instruct.Q4_1.gguf" | awk '{printf "%s, %.1f MB\n", $NF, $5 / 1e6}'

say "5/6 the texts: Debian's manual in Chinese and English"
bash scripts/demo-texts.sh "$admix" "$inputs"

# The process of worker $1 of the run, by its arguments.
worker_process() {
  local file
  for file in /proc/[0-9]*/cmdline; do
    if tr '\0' '\n' <"$file" 2>/dev/null | grep -qxF -- "$output/.admix/worker-$1"; then
      file=${file#/proc/}
      echo "${file%/cmdline}"
      return
    fi
  done
}
# Once a quarter of the steps is committed, kills the second worker, without any warning.
kill_worker() {
  local metrics=$output/metrics.jsonl steps process
  steps=$(sed -n 's/^ *steps: *\([0-9]*\).*/\1/p' "$job" | head -n 1)
  until [ -f "$metrics" ] && [ "$(wc -l <"$metrics")" -ge $((steps / 4)) ]; do sleep 0.2; done
  process=$(worker_process 2)
  [ -n "$process" ] || return 0
  printf '\n== kill -9 %s: the second worker dies in the middle of step %s; the first takes over its share\n' \
    "$process" "$(($(wc -l <"$metrics") + 1))" >&2
  kill -9 "$process"
}

say "6/6 training with two workers"
if [ "$kill_one" = yes ] && [ ! -f "$output/result.json" ]; then
  kill_worker &
  killer=$!
fi
status=0
"$admix" run "$job" --base "$inputs" --workers 2 --output "$output" --known examples/known-weights.txt || status=$?
[ "$status" = 0 ] || exit "$status"
checkpoint="$output/checkpoints"
if [ "$keep" = no ]; then
  rm -rf "$output/checkpoints"
  checkpoint="removed, 1.6 GB (--keep keeps it, to go on from)"
fi

cat <<END

The model is in $output/model, in Hugging Face's format. To look closer:
  $admix show $output/             this table again (--json: everything)
  $admix inspect $output/model     what the model is
  less $output/metrics.jsonl                     a line a step
The page of this run, for a browser: $output/report.html
The checkpoint: $checkpoint
$((SECONDS - started)) seconds after the build. To do it again: rm -r $output
END
