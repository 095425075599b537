#!/usr/bin/env bash
# version.sh prints the version of the commit that is checked out: its tag's version, else
# the next one, which CHANGELOG.md describes first, with -dev and the commit.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

next=$(sed -n 's/^## \[\([0-9][^]]*\)\].*/\1/p' CHANGELOG.md | head -n 1)
commit=$(git rev-parse --short=7 HEAD 2>/dev/null) || {
    echo "$next-dev" # not from Git
    exit
}
dirty=
[[ -z $(git status --porcelain --untracked-files=no) ]] || dirty=.dirty
tag=$(git describe --tags --exact-match --match 'v[0-9]*' 2>/dev/null) || tag=
if [[ -n $tag && -z $dirty ]]; then
    echo "${tag#v}"
else
    echo "$next-dev.$commit$dirty"
fi
