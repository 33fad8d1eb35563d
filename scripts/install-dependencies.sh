#!/usr/bin/env bash
# Installs the C libraries that Admix is built on, where they are missing. Debian 12 and Ubuntu.
#   scripts/install-dependencies.sh [PACKAGE…]    packages that the caller needs besides
set -euo pipefail

packages=(libuv1-dev liblz4-dev libsqlite3-dev zlib1g-dev libzstd-dev pkg-config "$@")

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done

if ! command -v swift >/dev/null; then
  echo "error: no Swift toolchain found; Admix needs Swift 6.1 or later (https://www.swift.org/install/linux/)" >&2
  exit 1
fi

[ ${#missing[@]} -eq 0 ] && exit 0

echo "installing ${missing[*]} (apt-get, under a minute)"
elevate=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "error: ${missing[*]} must be installed; run this as root, or: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  elevate=(sudo)
fi
"${elevate[@]}" apt-get update -qq
"${elevate[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
