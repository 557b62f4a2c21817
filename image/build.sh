#!/usr/bin/env bash
# Builds the image shipper:VERSION with docker, podman or buildah, whichever answers first.
#
#   TRUST_KEY     a file with the vendor's public key, which the image then trusts by itself
#   APT_SOURCES   a file with lines of a sources.list, by which Debian's packages are taken instead of by Debian's own
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' shipper/__init__.py)
key=
sources=
[[ -z ${TRUST_KEY:-} ]] || key=$(cat "$TRUST_KEY")
[[ -z ${APT_SOURCES:-} ]] || sources=$(cat "$APT_SOURCES")
# Without a git repository the Dockerfile's own time counts
epoch=$(git log -1 --format=%ct 2>/dev/null || true)

for engine in docker podman buildah; do
    if command -v "$engine" >/dev/null && "$engine" info >/dev/null 2>&1; then
        # Layers of an earlier build would keep Debian's packages of that time
        "$engine" build --no-cache --tag "shipper:$version" --build-arg "VERSION=$version" --build-arg "TRUST_KEY=$key" \
            --build-arg "APT_SOURCES=$sources" --build-arg "SOURCE_DATE_EPOCH=$epoch" .
        echo "shipper:$version"
        exit
    fi
done
echo "make image: no container engine answers (docker, podman, buildah); make rootfs-test makes and tries the same tree without one" >&2
exit 1
