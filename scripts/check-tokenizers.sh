#!/usr/bin/env bash
# Compares Admix's token ids with tokenizers, tiktoken and sentencepiece on every corpus and benchmark of the data
# folder (about 10 minutes, most of it theirs), from tokenizer.json, ranks, SentencePiece and GGUF files alike.
#   scripts/check-tokenizers.sh [DATA [NAME…]]    DATA defaults to $ADMIX_TEST_DATA or ../shared/data; NAME is a part of
#                                                 a tokenizer's name, such as GGUF
# QWEN_TIKTOKEN names the ranks of Qwen, qwen.tiktoken (in the package dashscope on PyPI); without it Qwen2 is skipped.
# PYTHON names the interpreter with scripts/fixtures/requirements.txt; ADMIX the program, built here if it is not set.
set -euo pipefail
cd "$(dirname "$0")/.."

data="${1:-${ADMIX_TEST_DATA:-../shared/data}}"
[ -d "$data/corpora" ] || { echo "error: $data has no folder corpora" >&2; exit 2; }
if [ -z "${ADMIX:-}" ]; then
  swift build -c release --product admix
  ADMIX=.build/release/admix
fi
exec "${PYTHON:-python3}" scripts/check-tokenizers.py "$ADMIX" "$data" "${@:2}"
