#!/usr/bin/env bash
# left-out.sh LIST runs the tests that `make test` left out, or did not run whole. LIST
# has a line "FOLDER TEST" for each of them, which internal/testtier wrote.
set -euo pipefail
export TEST_TIER=check

list=$1
if [[ ! -s $list ]]; then
    echo "left-out: no test was left out"
    exit 0
fi

# run DEPTH PATTERN runs the tests of that depth in the folders that have some.
run() {
    local folders
    mapfile -t folders < <(awk -v depth="$1" 'split($2, part, "/") >= depth && (depth == 2 || !part[2]) { print $1 }' "$list" | sort -u)
    ((${#folders[@]} == 0)) || go test -count=1 -timeout 60m -run "$2" "${folders[@]}"
}

# join NAMES... writes ^(A|B)$ of the lines on standard input.
join() { sort -u | sed 's/[][().*+?^$|{}\\]/\\&/g' | paste -sd'|' | sed 's/.*/^(&)$/'; }

run 1 "$(awk '$2 !~ /\// { print $2 }' "$list" | join)"
run 2 "$(awk '$2 ~ /\// { split($2, part, "/"); print part[1] }' "$list" | join)/$(awk '$2 ~ /\// { split($2, part, "/"); print part[2] }' "$list" | join)"
