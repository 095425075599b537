#!/usr/bin/env bash
# fuzz.sh [SECONDS [PATTERN]] runs each fuzz target of the module for that many seconds (20),
# two at a time, or those whose name matches PATTERN. It fails if one finds an input that
# fails, after all have run. Go writes that input below testdata/fuzz: commit it with the fix.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export seconds=${1:-20}
pattern=${2:-.}

# list writes a line "FOLDER TARGET" for each fuzz target.
list() {
    grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . |
        sed 's|^\(.*\)/[^/]*:func \(.*\)|\1 \2|' | sort | awk -v pattern="$pattern" '$2 ~ pattern'
}

# fuzz FOLDER TARGET runs one target, and says how often, or shows what it printed. Without
# a limit, minimizing one input that is new can take all of the time.
fuzz() {
    local output start=$SECONDS
    if ! output=$(go test -run '^$' -fuzz "^$2\$" -fuzztime "${seconds}s" -fuzzminimizetime 5x -parallel 1 "$1" 2>&1); then
        # The end of the time can be taken for a failure: https://go.dev/issue/75804.
        if [[ $output == *'Failing input written'* || $output != *$'\n    context deadline exceeded\n'* ]]; then
            printf 'fuzz: FAILED: %s of %s\n%s\n' "$2" "$1" "$output"
            return 1
        fi
    fi
    printf 'fuzz: %-20s %9s inputs, %3d s\n' "$2" \
        "$(grep -o 'execs: [0-9]*' <<<"$output" | tail -n 1 | cut -d' ' -f2)" $((SECONDS - start))
}
export -f fuzz

start=$SECONDS targets=$(list)
[[ -n $targets ]] || { echo "fuzz: no target matches $pattern" >&2; exit 1; }
xargs -P 2 -L 1 bash -c 'fuzz "$@"' fuzz <<<"$targets"
echo "fuzz: $(wc -l <<<"$targets") targets in $((SECONDS - start)) s"
