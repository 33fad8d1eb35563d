#!/usr/bin/env bash
# Makes a tarball that runs on hosts without Swift: the program with Swift's runtime and the C libraries linked into it,
# the systemd units, README and LICENSE. Needs no more than glibc and libgcc where it runs.
#   scripts/package.sh [FOLDER]    FOLDER is where the tarball goes (default: out); its path is the last line printed
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-out}

say() { printf '== %s\n' "$*" >&2; }

say "1/3 dependencies"
bash scripts/install-dependencies.sh >&2

# A folder that has archives only: with nothing to share, the linker links them in. The package manager puts the folders
# that pkg-config names first, so these are named by descriptions of our own.
archives=$PWD/.build/package-archives
rm -rf "$archives"
mkdir -p "$archives"
library_folder=$(pkg-config --variable=libdir libuv)
# link_archive NAME ARCHIVE PACKAGE [PKG_CONFIG_NAME]
link_archive() {
  [ -f "$2" ] || { echo "error: $2 is missing, which the package links in; apt-get install $3" >&2; exit 1; }
  ln -s "$2" "$archives/lib$1.a"
  [ $# -lt 4 ] || printf 'Name: %s\nDescription: %s\nVersion: %s\nLibs: -L%s -l%s\nCflags:\n' \
    "$4" "$4" "$(pkg-config --modversion "$4")" "$archives" "$1" >"$archives/$4.pc"
}
link_archive uv "$library_folder/libuv_a.a" libuv1-dev libuv
link_archive lz4 "$library_folder/liblz4.a" liblz4-dev liblz4
link_archive z "$library_folder/libz.a" zlib1g-dev zlib
link_archive sqlite3 "$library_folder/libsqlite3.a" libsqlite3-dev sqlite3
[ ! -f "$library_folder/libzstd.a" ] || link_archive zstd "$library_folder/libzstd.a" libzstd-dev libzstd
link_archive stdc++ "$(readlink -f "$(c++ -print-file-name=libstdc++.a)")" g++
export PKG_CONFIG_PATH=$archives${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}

say "2/3 building (about 5 minutes on two cores the first time)"
swift build -c release --product admix --static-swift-stdlib --scratch-path .build/package -Xlinker "-L$archives" >&2
binary=.build/package/release/admix

# What is still shared must be on every Debian.
shared=$(readelf -d "$binary" | sed -n 's/.*Shared library: \[\(.*\)\]/\1/p' | grep -vxE 'lib(c|m|gcc_s|dl|pthread|rt)\.so\.[0-9]+|ld-linux-x86-64\.so\.2' || true)
[ -z "$shared" ] || { echo "error: the program still needs" $shared "where it runs" >&2; exit 1; }

say "3/3 packing"
version=$("$binary" --version | awk '{print $2}')
name=admix-$version-linux-$(uname -m)
staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
mkdir -p "$staging/$name/bin" "$folder"
cp "$binary" "$staging/$name/bin/admix"
strip "$staging/$name/bin/admix"
cp -r packaging/systemd packaging/INSTALL LICENSE README.md CHANGELOG.md examples "$staging/$name/"
# The same files give the same tarball.
when=$(git log -1 --format=%ct 2>/dev/null || date +%s)
tar -C "$staging" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$when" -cf - "$name" | gzip -9n >"$folder/$name.tar.gz.part"
mv "$folder/$name.tar.gz.part" "$folder/$name.tar.gz"
ls -l "$folder/$name.tar.gz" | awk '{printf "%.1f MB\n", $5 / 1e6}' >&2
realpath "$folder/$name.tar.gz"
