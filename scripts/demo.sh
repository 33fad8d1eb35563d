#!/usr/bin/env bash
# Builds Admix and continually pre-trains a small English model on a mixture with Chinese, with two worker processes on
# this machine. Model and texts come from the folder that ADMIX_TEST_DATA names (default: ../shared/data).
#   scripts/demo.sh [OUTPUT]   OUTPUT is where the results go (default: out/first-run)
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '== %s\n' "$*"; }

data=${ADMIX_TEST_DATA:-../shared/data}
if [ ! -f "$data/models/stories260K/hf/config.json" ]; then
  echo "error: $data has no models/stories260K/hf; set ADMIX_TEST_DATA to the folder with the test data" >&2
  exit 1
fi

say "1/3 dependencies"
bash scripts/install-dependencies.sh

say "2/3 building (about 3 minutes on two cores the first time)"
swift build -c release --product admix

say "3/3 training (about ten seconds on two cores)"
exec .build/release/admix run examples/first-run.yaml --base "$data" --workers 2 ${1:+--output "$1"}
