#!/usr/bin/env bash
# Builds the image shipper:VERSION with docker, podman or buildah, whichever answers first.
#
#   TRUST_KEY   a file with the vendor's public key, which the image then trusts by itself
#   SNAPSHOT    a time of snapshot.debian.org, such as 20261120T000000Z: Debian's packages as they were then
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' shipper/__init__.py)
key=
[[ -z ${TRUST_KEY:-} ]] || key=$(cat "$TRUST_KEY")

for engine in docker podman buildah; do
    if command -v "$engine" >/dev/null && "$engine" info >/dev/null 2>&1; then
        "$engine" build --tag "shipper:$version" --build-arg "VERSION=$version" --build-arg "TRUST_KEY=$key" \
            --build-arg "SNAPSHOT=${SNAPSHOT:-}" --build-arg "SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)" .
        echo "shipper:$version"
        exit
    fi
done
echo "make image: no container engine answers (docker, podman, buildah); make rootfs-test makes and tries the same tree without one" >&2
exit 1
