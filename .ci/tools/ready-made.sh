#!/usr/bin/env bash
# ready-made.sh TOOL VERSION BINARY [LIST] downloads a tool that its makers built, checks
# its SHA-256, and writes the program to BINARY. It fails, and says why, where that is
# not possible: install.sh then builds the tool from source.
#
# LIST, ready-made.sha256 by default, has a line "SHA-256  URL" for each tool and
# platform. Who changes a version in a go.mod changes its lines: a line of another
# version is not used.
set -euo pipefail

tool=$1 version=$2 binary=$3
list=${4:-$(dirname "${BASH_SOURCE[0]}")/ready-made.sha256}
platform=$(go env GOOS)_$(go env GOARCH)

fail() {
    echo "tools: $tool: not downloaded: $*"
    exit 1
}

line=$(grep -E "/v?$version/${tool}_(.*_)?$platform\.(zip|tar\.gz)$" "$list") || fail "no checksum of $version for $platform is known"
sum=${line%% *} url=${line##* }
command -v curl >/dev/null || fail "curl is missing"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
archive=$scratch/${url##*/}
# A slow connection is given up; a source build takes minutes, too.
problem=$(curl --fail --silent --show-error --location --connect-timeout 5 --speed-limit 20000 --speed-time 15 \
    --output "$archive" "$url" 2>&1) || fail "$problem"

check=sha256sum
command -v sha256sum >/dev/null || check="shasum -a 256" # macOS
have=$($check "$archive")
[[ ${have%% *} == "$sum" ]] || fail "the SHA-256 of $url is ${have%% *}, not $sum"
case $archive in
    *.zip) python3 -m zipfile -e "$archive" "$scratch" ;;
    *) tar -xzf "$archive" -C "$scratch" ;;
esac || fail "$url cannot be unpacked"
[[ -f $scratch/$tool ]] || fail "$url has no $tool in it"
chmod +x "$scratch/$tool"
mv "$scratch/$tool" "$binary"
