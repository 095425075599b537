#!/bin/sh
# Writes account, prefix and Regions of site.auto.tfvars and site.staging.tfvars to the
# places that can read no values: the backend of each workspace, staging's backend files,
# and the roles and alarms in reconcile.hcl.
#
#   sh env/fill.sh
set -eu
cd "$(dirname "$0")"

value() { # FILE NAME
  found=$(sed -n "s/^  $2  *= \"\([^\"]*\)\".*/\1/p" "$1")
  case $found in
  *[!a-z0-9-]* | "")
    echo "$1: $2 is \"$found\"" >&2
    exit 1
    ;;
  esac
  echo "$found"
}

region() { # HOME
  sed -n "/^  regions = {/,/^  }/s/^ *$1 *= \"\([a-z0-9-]*\)\".*/\1/p" site.auto.tfvars
}

edit() { # FILE SED-ARGUMENT...
  file=$1
  shift
  edited=$(sed -E "$@" "$file")
  printf '%s\n' "$edited" >"$file"
}

fill() { # FILE-OF-VALUES FILE...: names of buckets
  prefix=$(value "$1" prefix) account=$(value "$1" account_id)
  shift
  for file in "$@"; do
    edit "$file" -e "s/^( *bucket *= )\"[^\"]*-states(-osaka)?-[0-9]*\"/\1\"$prefix-states\2-$account\"/"
  done
}

fill site.auto.tfvars */versions.tf
fill site.staging.tfvars staging.s3.tfbackend staging-osaka.s3.tfbackend

for file in */versions.tf; do
  home=tokyo
  if grep -q -e '-states-osaka-' "$file"; then home=osaka; fi
  edit "$file" -e "/backend \"s3\"/,/}/s/^( *region *= )\"[^\"]*\"/\1\"$(region $home)\"/"
done

arns() { # ACCOUNT: roles and alarms
  echo "s/::[0-9]*:role/::$1:role/"
  for side in a b osaka; do
    home=tokyo
    if [ "$side" = osaka ]; then home=osaka; fi
    echo "s/cloudwatch:[a-z0-9-]*:[0-9]*:alarm:shop-$side-/cloudwatch:$(region $home):$1:alarm:shop-$side-/"
  done
}

edit reconcile.hcl \
  -e "1,/^environment \"staging\"/{
$(arns "$(value site.auto.tfvars account_id)")
}" \
  -e "/^environment \"staging\"/,\$ {
$(arns "$(value site.staging.tfvars account_id)")
}"
