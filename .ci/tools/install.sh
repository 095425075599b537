#!/usr/bin/env bash
# Installs what the tests need into a cache, outside the repository:
#
#   bin/terraform      from the PATH if it is new enough, else built from source
#   bin/tofu           OpenTofu, downloaded by its checksum, else built from source
#   bin/golangci-lint  the linter of Go, built from source
#   bin/tflint         the linter of Terraform, downloaded, else built from source
#   bin/aws-lambda-rie AWS's own emulator of the Lambda runtime, built from source
#   bin/goreleaser     makes the files of a release, built from source
#   bin/cyclonedx-gomod lists the components of a Go program, built from source
#   bin/templ          generates Go from the templates of the page, built from source
#   bin/moto_server    an emulator of AWS (a Python virtual environment)
#   bin/checkov        a scanner of Terraform, and
#   bin/parliament     one of IAM policies (another virtual environment)
#   bin/iam-simulate   a simulator of IAM policies (on Node.js)
#   axe-core/          the rules of accessibility that the tests of the page run
#   dynamodb-local/    AWS's own emulator of DynamoDB
#   mirror/            a provider in the layout of a Terraform filesystem mirror
#   aws-provider/      the AWS provider, from the registry, else built from source
#
# and installs missing system packages if it may. Versions are pinned in the go.mod
# files, requirements.txt, package-lock.json and dynamodb-local.sh next to this script;
# ready-made.sha256 has the checksums of downloads. A tool is installed again only when
# its pin has changed, so a second run takes a fraction of a second.
#
# The cache is $RECONCILE_TEST_CACHE, else reconcile-test in the user's cache
# directory. It may be deleted at any time.
# `install.sh test` installs only what `make test` needs: no OpenTofu, no linter,
# no scanner and no AWS provider, which take most of the time. `install.sh release`
# installs only what `make release` needs.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${RECONCILE_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/reconcile-test}
export RECONCILE_TEST_CACHE=$cache
# The oldest Terraform that the tests can use: the first whose S3 backend
# supports a lock file. The program itself needs 1.5.
terraform_min=1.10

say() { echo "tools: $*"; }
fail() {
    echo "tools: $*" >&2
    exit 1
}

# at_least HAVE WANT compares two versions, major and minor.
at_least() {
    local have want
    IFS=. read -r -a have <<<"$1"
    IFS=. read -r -a want <<<"$2"
    ((have[0] > want[0] || (have[0] == want[0] && have[1] >= want[1])))
}

# make_once NAME HOW PIN RESULT COMMAND... prints HOW and runs the command, unless
# RESULT was made from the same pin. The output goes to a log, which is shown only
# if the command fails. Bash ignores `set -e` within the command, which therefore
# joins its steps by &&.
make_once() {
    local name=$1 how=$2 pin=$3 result=$4 stamp=$cache/stamps/$1 log=$cache/logs/$1.log
    shift 4
    if [[ -e $result && -f $stamp && $(<"$stamp") == "$pin" ]]; then
        return
    fi
    say "$name: $how"
    local start=$SECONDS
    rm -f "$stamp"
    if ! "$@" >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        fail "$name: failed; the whole output is in $log"
    fi
    echo "$pin" >"$stamp"
    say "$name: done in $((SECONDS - start)) s"
}

# make_go NAME RESULT COMMAND... is make_once for what NAME/go.mod pins.
make_go() {
    local name=$1 result=$2
    shift 2
    make_once "$name" "building from source; the first time this can take 10 minutes on two cores" \
        "$(cksum <"$here/$name/go.mod")" "$result" "$@"
}

# make_ready NAME MODULE RESULT COMMAND... downloads what its makers built of the module's
# version that NAME/go.mod pins, or is make_go where that is not possible.
make_ready() {
    local name=$1 module=$2 result=$3 stamp=$cache/stamps/$1 pin version
    shift 3
    pin=$(cksum <"$here/$name/go.mod")
    if [[ ! -e $result || ! -f $stamp || $(<"$stamp") != "$pin" ]]; then
        version=$(sed -n "s|.*$module v\([^ ]*\).*|\1|p" "$here/$name/go.mod")
        if "$here/ready-made.sh" "$name" "$version" "$result"; then
            echo "$pin" >"$stamp"
            say "$name: $version, its makers' own build, downloaded"
            return
        fi
    fi
    make_go "$name" "$result" "$@"
}

# build MODULE_DIR PACKAGE VARIABLE OUTPUT builds the tool of a go.mod, as its
# makers do for a release. VARIABLE is set with -X; %v in it is the version. If it
# is empty, nothing is set.
build() (
    local module version
    export CGO_ENABLED=0 GOWORK=off GOFLAGS=-mod=readonly
    cd "$here/$1" &&
        module=$(go list -f '{{.Module.Path}}' "$2") &&
        version=$(go list -m -f '{{.Version}}' "$module") &&
        go build -trimpath -ldflags "-s -w${3:+ -X ${3//%v/${version#v}}}" -o "$4" "$2"
)

# link_terraform uses the terraform of the PATH, if it is new enough.
link_terraform() {
    local path version
    path=$(command -v terraform) || return 1
    version=$(CHECKPOINT_DISABLE=1 "$path" version -json 2>/dev/null |
        sed -n 's/.*"terraform_version": *"\([0-9.]*\).*/\1/p')
    [[ -n $version ]] && at_least "$version" "$terraform_min" || return 1
    ln -s "$path" "$cache/bin/terraform"
    say "terraform: $version, from the PATH"
}

terraform_binary() {
    local binary=$cache/bin/terraform
    if [[ -L $binary ]]; then
        [[ -x $binary ]] && return
        rm "$binary" # what it led to is gone
    fi
    if [[ ! -e $binary ]]; then
        link_terraform && return
        say "terraform: the PATH has none that is $terraform_min or newer"
    fi
    make_go terraform "$binary" build terraform github.com/hashicorp/terraform \
        github.com/hashicorp/terraform/version.dev=no "$binary"
}

tofu_binary() {
    local binary=$cache/bin/tofu
    make_ready tofu github.com/opentofu/opentofu "$binary" build tofu github.com/opentofu/opentofu/cmd/tofu \
        github.com/opentofu/opentofu/version.dev=no "$binary"
}

golangci_lint() {
    local binary=$cache/bin/golangci-lint
    # It uses main.version only together with a date.
    make_go golangci-lint "$binary" build golangci-lint \
        github.com/golangci/golangci-lint/v2/cmd/golangci-lint \
        'main.version=%v -X main.date=pinned' "$binary"
}

tflint_binary() {
    local binary=$cache/bin/tflint
    make_ready tflint github.com/terraform-linters/tflint "$binary" build tflint github.com/terraform-linters/tflint '' "$binary"
}

lambda_rie() {
    local binary=$cache/bin/aws-lambda-rie
    make_go lambda-rie "$binary" build lambda-rie \
        github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie '' "$binary"
}

cyclonedx_gomod() {
    local binary=$cache/bin/cyclonedx-gomod
    make_go cyclonedx-gomod "$binary" build cyclonedx-gomod \
        github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod '' "$binary"
}

goreleaser_binary() {
    local binary=$cache/bin/goreleaser
    make_go goreleaser "$binary" build goreleaser github.com/goreleaser/goreleaser/v2 main.version=%v "$binary"
}

templ_generator() {
    local binary=$cache/bin/templ
    make_go templ "$binary" build templ github.com/a-h/templ/cmd/templ '' "$binary"
}

# axe_core installs what axe-core/package-lock.json pins.
axe_core() {
    make_once axe-core installing "$(cat "$here/axe-core"/* | cksum)" "$cache/axe-core/node_modules/axe-core/axe.min.js" make_axe_core
}

make_axe_core() {
    rm -rf "${cache:?}/axe-core" &&
        cp -r "$here/axe-core" "$cache/axe-core" &&
        npm ci --prefix "$cache/axe-core" --no-audit --no-fund --ignore-scripts
}

# provider_mirror makes a small provider of HashiCorp's, hashicorp/time, and
# lays it out as `terraform init` expects it in a filesystem mirror.
provider_mirror() {
    make_go provider-time "$cache/mirror" lay_out_mirror
}

lay_out_mirror() {
    local module=github.com/hashicorp/terraform-provider-time version dir
    version=$(cd "$here/provider-time" && go list -m -f '{{.Version}}' $module) || return
    dir=$cache/mirror/registry.terraform.io/hashicorp/time/${version#v}/$(go env GOOS)_$(go env GOARCH)
    rm -rf "$cache/mirror" &&
        build provider-time $module main.version=%v "$dir/terraform-provider-time_${version}_x5"
}

# python_tool NAME PROGRAM... installs what NAME/requirements.txt pins by hash (`uv
# pip compile --no-deps --generate-hashes` updates them) in a separate virtual
# environment, and links its programs.
python_tool() {
    local name=$1
    shift
    make_once "$name" installing "$(cksum <"$here/$name/requirements.txt")" "$cache/bin/$1" make_python "$name" "$@"
}

make_python() {
    local name=$1 program
    shift
    rm -rf "${cache:?}/$name" &&
        python3 -m venv "$cache/$name" &&
        "$cache/$name/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$here/$name/requirements.txt" &&
        for program in "$@"; do ln -sf "../$name/bin/$program" "$cache/bin/$program" || return; done
}

# node_tool NAME PROGRAM installs what NAME/package-lock.json pins, next to
# NAME/PROGRAM, and links the program.
node_tool() {
    make_once "$1" installing "$(cat "$here/$1"/* | cksum)" "$cache/bin/$1" make_node "$@"
}

make_node() {
    rm -rf "${cache:?}/$1" &&
        cp -r "$here/$1" "$cache/$1" &&
        npm ci --prefix "$cache/$1" --no-audit --no-fund &&
        ln -sf "../$1/$2" "$cache/bin/$1"
}

# system_packages installs the system packages that the tests need. What it cannot
# install it names, all of it at once and before anything is built.
system_packages() {
    local missing=() advice="" PATH=$PATH:/usr/sbin:/sbin
    need() { command -v "$1" >/dev/null || missing+=("$2"); }
    need git git
    need zstd zstd
    need sshd openssh-server
    need ssh-keygen openssh-client
    need java default-jre-headless
    need mvn maven
    need python3 python3
    need zsh zsh # completes lines as people type them
    if [[ $1 == check ]]; then
        need node nodejs
        need npm npm
        need gcc gcc # the race detector needs cgo
        need dpkg-deb dpkg # the test of releases reads a package
        if [[ $(uname) == Linux ]]; then # for the tests of the page, and its pictures
            need chromium chromium
            fc-list 2>/dev/null | grep -q Inter || missing+=(fontconfig fonts-inter)
            fc-list 2>/dev/null | grep -q IPAexGothic || missing+=(fonts-ipaexfont-gothic)
        fi
    fi
    python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
    if [[ $(uname) == Linux ]]; then # for the tests of previews and of the image
        need bwrap bubblewrap
        need strace strace
        [[ -e /etc/ssl/certs/ca-certificates.crt ]] || missing+=(ca-certificates)
        [[ -d /usr/share/zoneinfo ]] || missing+=(tzdata)
    fi
    if ! command -v go >/dev/null; then
        advice="Go, in the version that go.mod names"
    fi
    if ((EUID == 0)) && command -v apt-get >/dev/null; then
        [[ -z $advice ]] || fail "missing: $advice. Install it, then run 'make tools' again."
        ((${#missing[@]} == 0)) || make_once debian-packages "installing ${missing[*]}" "" "" install_packages "${missing[@]}"
        return
    fi
    if ((${#missing[@]} > 0)); then
        advice+=${advice:+; }"${missing[*]} (names of Debian packages)"
    fi
    [[ -z $advice ]] || fail "missing: $advice. Install them, then run 'make tools' again."
}

install_packages() {
    # At run level 1 Debian starts no service that it installs.
    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
    apt-get update -q &&
        apt-get install -qy --no-install-recommends "$@"
}

main() {
    local tier=${1:-check}
    [[ $tier == test || $tier == check || $tier == release ]] || fail "usage: install.sh [test|check|release]"
    mkdir -p "$cache/bin" "$cache/stamps" "$cache/logs"
    if command -v flock >/dev/null; then
        exec 9>"$cache/lock"
        flock 9 # another run of this script may be at it
    fi
    if [[ $tier == release ]]; then
        terraform_binary
        cyclonedx_gomod
        goreleaser_binary
        say "ready, in $cache"
        return
    fi
    # Downloads beside builds: two lanes, since a build uses all cores alone.
    system_packages "$tier"
    downloads "$tier" &
    local lane=$!
    trap wait EXIT
    terraform_binary
    lambda_rie
    provider_mirror
    if [[ $tier == check ]]; then
        tofu_binary
        golangci_lint
        tflint_binary
        cyclonedx_gomod
        goreleaser_binary
        templ_generator
        "$here/registry-provider.sh" || "$here/aws-provider.sh"
    fi
    wait "$lane" || fail "not everything could be installed: see above."
    say "ready, in $cache"
}

downloads() {
    python_tool moto moto_server && "$here/dynamodb-local.sh" || return
    [[ $1 == test ]] || { python_tool policies checkov parliament && node_tool iam-simulate iam-simulate.mjs && axe_core; }
}

main "$@"
