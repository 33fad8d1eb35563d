#!/usr/bin/env bash
# Runs the golden recipe in all 512 combinations of workers, threads, instruction set, codec and fault, on real
# processes, and compares the hashes of the weights. `scripts/test.sh` runs twelve.
# About 40 minutes on two cores.
#   scripts/full-matrix.sh          all
#   scripts/full-matrix.sh COUNT    only so many, spread over all
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/install-dependencies.sh
flags=(-c release -Xswiftc -enable-testing --scratch-path .build/tests)
swift build "${flags[@]}" --build-tests
ADMIX_FULL_MATRIX="${1:-512}" swift test "${flags[@]}" --skip-build --no-parallel --filter 'ClusterTests.*fullMatrix'
