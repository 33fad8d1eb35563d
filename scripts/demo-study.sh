#!/usr/bin/env bash
# The study in miniature (examples/paper-in-miniature.yaml) on a machine that has nothing but Debian 12 (or Ubuntu) and
# Swift: a tokenizer, two English models from scratch, a grid of ratios and rates on the small one, the choice, its
# transfer to the larger one and a check there, tuning on instructions and preferences, evaluations, and the tuned model
# as a GGUF file. Ten to sixteen minutes on two cores after the build.
#   scripts/demo.sh --study [--admix PROGRAM] [OUTPUT]
#     OUTPUT      where the results go (default: out/paper-in-miniature)
#     --admix     takes this program and builds nothing
# What is fetched stays in ~/.cache/admix. The same command goes on where it was stopped.
set -euo pipefail
cd "$(dirname "$0")/.."

output= admix=
while [ $# -gt 0 ]; do
  argument=$1
  shift
  case $argument in
    --study) ;;
    --admix)
      [ $# -gt 0 ] || { echo "error: --admix names a program: scripts/demo.sh --study --admix PROGRAM" >&2; exit 2; }
      admix=$(realpath "$1")
      [ -x "$admix" ] || { echo "error: --admix names $1, which is no program; leave it out to build one" >&2; exit 2; }
      shift ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit ;;
    -*) echo "error: $argument is no option; scripts/demo.sh --study [--admix PROGRAM] [OUTPUT]" >&2; exit 2 ;;
    *) [ -z "$output" ] || { echo "error: two output directories: $output and $argument" >&2; exit 2; }
      output=$argument ;;
  esac
done
output=$(realpath -m "${output:-out/paper-in-miniature}")
inputs=${XDG_CACHE_HOME:-${HOME:?}/.cache}/admix/demo

say() { printf '== %s\n' "$*"; }

if [ -n "$admix" ]; then
  say "1/3 no build: $admix is there"
else
  say "1/3 dependencies, and building (about 4 minutes on two cores the first time)"
  bash scripts/install-dependencies.sh
  swift build -c release --product admix
  admix=$PWD/.build/release/admix
fi
started=$SECONDS

say "2/3 the texts: Debian's manual in Chinese and English"
bash scripts/demo-texts.sh "$admix" "$inputs"

say "3/3 tokenizer, two models, the grid, the choice, its transfer, the check, tuning, evaluations"
"$admix" run examples/paper-in-miniature.yaml --base "$inputs" --output "$output"

"$admix" export "$output/stages/dpo/model" "$output/model.gguf" --format gguf --type F16

cat <<END

The answer is below $output/stages:
  less $output/stages/choose/study/answer.md               ratio and rate, with intervals; why; when not to trust it
  less $output/stages/choose/study/transfer.md             what the larger model was given
  less $output/stages/verdict/verification/verification.md whether it held there
  column -s, -t $output/stages/grid/sweep/cells.csv        every cell
The tuned model, in Hugging Face's format, as a GGUF file, and to talk to:
  $output/stages/dpo/model
  $output/model.gguf
  $admix chat $output/stages/dpo/model
The page of it all, for a browser: $output/report.html
$((SECONDS - started)) seconds after the build. To do it again: rm -r $output
END
