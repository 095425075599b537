#!/usr/bin/env bash
# make.sh makes all files of a release into dist: docs/release.md. Of a commit that has no
# tag it makes the same files for a trial. RELEASE_TERRAFORM names a terraform for the
# image of a trial, instead of a download.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

say() { echo "release: $*"; }
[[ -d .git ]] || {
    say "make it in a clone: cyclonedx-gomod cannot read a linked work tree" >&2
    exit 1
}

version=$(.ci/release/version.sh)
export RELEASE_VERSION=$version GORELEASER_CURRENT_TAG=v${version%%-dev*}
SOURCE_DATE_EPOCH=$(git show --no-patch --format=%ct HEAD)
export SOURCE_DATE_EPOCH TZ=UTC
trial=
[[ $version != *-dev* ]] || trial=--snapshot
if ! git remote get-url origin >/dev/null 2>&1; then
    # GoReleaser knows no commit without an address of its repository, and uses it for nothing here.
    export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=remote.origin.url GIT_CONFIG_VALUE_0=https://git.example.com/reconcile.git
fi
goreleaser release --clean --skip=publish,announce ${trial:+"$trial"}

# The image has the programs of the archives.
programs=()
for dir in dist/reconcile_linux_*; do
    arch=${dir#dist/reconcile_linux_}
    programs+=("${arch%%_*}=$dir/reconcile")
done
image=reconcile_${version}_image.tar
write_image() { go run ./.ci/image -o "dist/$image" -version "$version" "$@"; }
if [[ -n ${RELEASE_TERRAFORM-} ]] || ! write_image "${programs[@]}"; then
    [[ -n $trial${RELEASE_TERRAFORM-} ]] || exit 1
    own=$(go env GOARCH)
    say "the image has this machine's Terraform, and is for $own only: for a trial"
    write_image -own-terraform "${RELEASE_TERRAFORM:-$(command -v terraform)}" "$own=$(echo "dist/reconcile_linux_${own}"_*/reconcile)"
fi
sum=sha256sum
command -v sha256sum >/dev/null || sum="shasum -a 256" # macOS
(cd dist && $sum "$image" >>"reconcile_${version}_checksums.txt")
say "$version is in dist"
