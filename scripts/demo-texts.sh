#!/usr/bin/env bash
# Makes the demo's texts in FOLDER: Debian's manual in Chinese and English, chapters 3 and 8 held out in both, and
# sayings that training never sees. The packages are taken as they are installed, or else fetched and unpacked below
# ~/.cache/admix; nothing is installed.
#   scripts/demo-texts.sh ADMIX FOLDER    ADMIX is the program
set -euo pipefail
admix=$1
folder=$2
cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/admix/debian
root=${ADMIX_DEBIAN_ROOT:-}   # for tests: where installed packages are looked for

trap 'echo "error: $0 failed in line $LINENO" >&2' ERR
fail() {
  printf 'error: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf '       %s\n' "${@:2}" >&2
  exit 1
}

# The folder that has the package's file $2: the system's, or the cache's after fetching.
place_of() {
  local package=$1 file=$2 log
  if [ -f "$root/$file" ]; then echo "$root/"; return; fi
  if [ ! -f "$cache/$file" ]; then
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || fail \
      "the texts come from the Debian package $package, and this system has no apt-get" \
      "unpack $package (https://packages.debian.org/bookworm/$package) so that $cache/$file is there"
    mkdir -p "$cache/archives" 2>/dev/null || fail "$cache cannot be made" \
      "make room, or set XDG_CACHE_HOME to a folder that can be written to"
    rm -f "$cache/archives/${package}_"*.deb
    log=$cache/archives/apt.log
    download() { (cd "$cache/archives" && apt-get -o APT::Sandbox::User=root download "$package") >"$log" 2>&1; }
    # A fresh system has no lists of packages yet.
    download || { [ "$(id -u)" = 0 ] && apt-get update -qq >"$log" 2>&1 && download; } || fail \
      "the Debian package $package cannot be fetched: $(grep -m 1 '^E:' "$log" || tail -n 1 "$log")" \
      "bring the lists up to date (sudo apt-get update), check the network," \
      "or install it (sudo apt-get install $package); on Ubuntu it is in universe"
    dpkg-deb -x "$cache/archives/${package}_"*.deb "$cache" 2>"$log" || fail \
      "the package $package cannot be unpacked in $cache: $(tail -n 1 "$log")" \
      "make room, or set XDG_CACHE_HOME to a folder on another disk"
    [ -f "$cache/$file" ] || fail "the package $package has no file /$file; another release may have moved it" \
      "the demo knows Debian 12's"
  fi
  echo "$cache/"
}

mkdir -p "$folder"
manual=usr/share/debian-reference
sayings=usr/share/games/fortunes
chinese=$(place_of debian-reference-zh-cn $manual/ch01.zh-cn.html)
english=$(place_of debian-reference-en $manual/ch01.en.html)
fortunes=$(place_of fortunes $sayings/science)

# A translation of a held-out chapter must not be trained on either: the same ones in both languages.
for language in zh en; do
  suffix=en.html place=$english
  [ $language = en ] || suffix=zh-cn.html place=$chinese
  "$admix" corpus "$place$manual"/ch??."$suffix" --lang $language --source debian-reference \
    --output "$folder/$language.jsonl" --held-out "$folder/$language-held.jsonl" --hold-out ch03 ch08
done
# Conversations, preferences, and what evaluations ask, written for these examples.
cp "$(dirname "$0")/../examples/chats/"* "$folder/"
"$admix" corpus "$fortunes$sayings"/{education,science,wisdom,work} --separator % --lang en --source fortunes \
  --output "$folder/sayings.jsonl"
