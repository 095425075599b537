#!/usr/bin/env bash
# Puts terramate, which `make bench` compares with, into the cache of install.sh, as bin/terramate, built from source. The version is pinned in
# terramate/go.mod.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${RECONCILE_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/reconcile-test}
binary=$cache/bin/terramate stamp=$cache/stamps/terramate
pin=$(cksum <"$here/terramate/go.mod")

if [[ -x $binary && -f $stamp && $(<"$stamp") == "$pin" ]]; then
    exit
fi
echo "tools: terramate: building from source; the first time this takes minutes"
mkdir -p "$cache/bin" "$cache/stamps"
rm -f "$stamp"
cd "$here/terramate"
CGO_ENABLED=0 GOWORK=off GOFLAGS=-mod=readonly go build -trimpath -o "$binary" github.com/terramate-io/terramate/cmd/terramate
echo "$pin" >"$stamp"
