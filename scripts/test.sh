#!/usr/bin/env bash
# Builds Admix with its tests and runs them: first everything that lives in one process, then the tests that start
# coordinators, workers and runners as processes of their own, one after the other.
#   scripts/test.sh            everything
#   scripts/test.sh NAME       only tests whose name matches NAME
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '== %s\n' "$*"; }

say "1/4 dependencies"
bash scripts/install-dependencies.sh qemu-user

flags=(-c release -Xswiftc -enable-testing --scratch-path .build/tests)

say "2/4 building (about 5 minutes on two cores the first time)"
swift build "${flags[@]}" --build-tests

if [ $# -gt 0 ]; then
  swift test "${flags[@]}" --skip-build --no-parallel --filter "$1"
  exit
fi

say "3/4 tests within one process (about three minutes)"
swift test "${flags[@]}" --skip-build --skip "ClusterTests|DesignTests"

say "4/4 tests on real processes (about 7 minutes)"
swift test "${flags[@]}" --skip-build --no-parallel --filter "ClusterTests|DesignTests"
