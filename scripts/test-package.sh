#!/usr/bin/env bash
# Proves that scripts/package.sh's tarball runs on a Debian without Swift: makes a minimal root folder of Debian's own
# packages (no Swift, no development files, no network set up), unpacks the tarball there, and starts a worker in it
# that joins a coordinator outside and trains a small job.
#   scripts/test-package.sh [TARBALL]    without TARBALL it is made first
# Needs apt-get and user namespaces (unshare -r), but not root.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '== %s\n' "$*"; }
fail() { echo "error: $*" >&2; exit 1; }

tarball=${1:-$(bash scripts/package.sh)}
[ -f "$tarball" ] || fail "there is no $tarball"
unshare -rmpf true 2>/dev/null || fail "user namespaces are not permitted here; run this as root, or on a host that has them"
work=$(mktemp -d)
coordinator= chroot=
cleanup() {
  for process in $chroot $coordinator; do kill "$process" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

say "1/4 a root folder of Debian's packages"
root=$work/root
mkdir -p "$work/debs" "$root"/{usr/bin,usr/sbin,usr/lib,usr/lib64,proc,dev,tmp,etc}
for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$root/$folder"; done
packages=(libc6 libgcc-s1 dash coreutils libselinux1 libpcre2-8-0 libacl1 libattr1 libgmp10 tar gzip)
(cd "$work/debs" && apt-get -o APT::Sandbox::User=root download "${packages[@]}" >apt.log 2>&1) ||
  fail "Debian's packages cannot be fetched: $(tail -n 1 "$work/debs/apt.log")"
for package in "$work"/debs/*.deb; do
  # Over the links: packages of Debian 12 still name /bin and /lib.
  dpkg-deb --fsys-tarfile "$package" | tar -C "$root" --keep-directory-symlink -xf -
done
[ ! -e "$root/opt/swift" ] && ! find "$root" -name '*swift*' | grep -q . || fail "there is Swift in $root"

say "2/4 unpacking"
mkdir -p "$root/srv"
cp "$tarball" "$root/srv/admix.tar.gz"
inside() {
  unshare -rmpf --kill-child sh -c 'mount -t proc proc "$0/proc" 2>/dev/null || mount --rbind /proc "$0/proc"
    mount --rbind /dev "$0/dev"; exec chroot "$0" "$@"' "$root" "$@"
}
inside tar -C /srv -xf /srv/admix.tar.gz
program=$(cd "$root/srv" && ls -d admix-*/bin/admix)
inside "/srv/$program" --version
inside "/srv/$program" doctor --directory /srv || say "doctor says this host is too small for the demo; going on"

say "3/4 a worker in there joins a coordinator out here"
outside=$work/$program
tar -C "$work" -xf "$tarball"
"$outside" coordinator --listen 127.0.0.1:0 --state "$work/state" 2>"$work/coordinator.log" &
coordinator=$!
address=
for _ in $(seq 100); do
  address=$(grep -oE '127\.0\.0\.1:[0-9]+' "$work/coordinator.log" | head -n 1 || true)
  [ -z "$address" ] || break
  sleep 0.1
done
[ -n "$address" ] || fail "the coordinator did not start: $(cat "$work/coordinator.log")"
export ADMIX_COORDINATOR=$address
# Started from another folder and under another name than its own: runners are the same file started again.
ln -s "/srv/$program" "$root/usr/bin/renamed"
inside /bin/sh -c "cd /tmp && exec renamed worker --coordinator $address --name without-swift --cache /tmp/cache" \
  2>"$work/worker.log" &
chroot=$!
joined=
for _ in $(seq 100); do
  if "$outside" status --workers 2>/dev/null | grep -q without-swift; then joined=yes; break; fi
  sleep 0.1
done
[ -n "$joined" ] || fail "the worker did not join: $(cat "$work/worker.log")"
"$outside" status --workers

say "4/4 it trains a small job of random weights"
mkdir "$work/job"
mkdir "$work/job/tokenizer"
cp Tests/TokenizerTests/Fixtures/small-prefix.model "$work/job/tokenizer/tokenizer.model"
cat >"$work/job/config.json" <<'END'
{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "hidden_size": 32,
 "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
 "max_position_embeddings": 128, "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "tie_word_embeddings": true,
 "vocab_size": 520, "bos_token_id": 1, "eos_token_id": 2}
END
for number in $(seq 400); do
  echo "{\"text\": \"poem number $number of 400, $((number * number % 97)) words 春眠\"}" >&3
  echo "{\"text\": \"story number $number of 400, $((number * number % 89)) words\"}" >&4
done 3>"$work/job/zh.jsonl" 4>"$work/job/en.jsonl"
cat >"$work/job/job.yaml" <<'END'
job: cpt
name: small
init: random
config: config.json
tokenizer: tokenizer
sources:
  - {name: zh, role: added, paths: [zh.jsonl]}
  - {name: en, role: retained, paths: [en.jsonl]}
mixture: {almr: 0.30}
recipe: {steps: 20, sequence_length: 32, global_batch_size: 8, learning_rate: 1.0e-3, seed: 7}
validation: {sets: [{name: zh_held, role: added, from: zh, fraction: 0.05, tokens: 128}]}
output: out
END
"$outside" submit "$work/job/job.yaml" >/dev/null
"$outside" wait small --timeout 60 || fail "$("$outside" logs small)"
"$outside" show small
echo "the package works without Swift"
