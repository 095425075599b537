#!/usr/bin/env bash
# Puts DynamoDB Local, AWS's own emulator, into dynamodb-local/ of the test
# cache: its jars and native libraries in one directory. It needs Java 17 and
# Maven (which takes its mirrors and proxies from ~/.m2/settings.xml), and does
# nothing if this version is already installed.
set -euo pipefail

version=3.3.1
sums=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/dynamodb-local.sha256
cache=${RECONCILE_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/reconcile-test}
dir=$cache/dynamodb-local

if [[ -e $dir/DynamoDBLocal-$version.jar ]]; then
    exit 0
fi
for program in java mvn; do
    if ! command -v "$program" >/dev/null; then
        echo "tools: dynamodb-local: $program is missing (Debian: apt-get install default-jre-headless maven)" >&2
        exit 1
    fi
done

echo "tools: dynamodb-local: installing $version"
mkdir -p "$cache"
scratch=$(mktemp -d "$cache/.dynamodb-local.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cat >"$scratch/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>reconcile</groupId>
  <artifactId>dynamodb-local</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>software.amazon.dynamodb</groupId>
      <artifactId>DynamoDBLocal</artifactId>
      <version>$version</version>
    </dependency>
  </dependencies>
</project>
POM
mvn --quiet --batch-mode --file "$scratch/pom.xml" \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -DincludeScope=runtime "-DoutputDirectory=$scratch/dynamodb-local"
check=sha256sum
command -v sha256sum >/dev/null || check="shasum -a 256" # macOS
# The downloaded files must match the pinned checksums: dynamodb-local.sha256.
if ! (cd "$scratch/dynamodb-local" && $check --check --status "$sums" && [[ $(ls | wc -l) == $(wc -l <"$sums") ]]); then
    echo "tools: dynamodb-local: the jars are not those of dynamodb-local.sha256" >&2
    exit 1
fi
rm -rf "$dir"
mv "$scratch/dynamodb-local" "$dir"
echo "tools: dynamodb-local: done"
