#!/bin/sh
# Checks the signed license with openssl (3.0 or newer) and starts the app with what it grants.
# In your product these lines belong into the image, or into the app in its own language.
set -eu
umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
field() { printf '%s' "$SIGNED_LICENSE_PAYLOAD" | sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p'; }

type=application/vnd.shipper.license.v1+json
test "$(field payloadType)" = "$type"
field payload | openssl base64 -d -A > "$work/payload"
field sig | openssl base64 -d -A > "$work/signature"
{
  printf 'DSSEv1 %d %s %d ' "$(printf %s "$type" | wc -c)" "$type" "$(wc -c < "$work/payload")"
  cat "$work/payload"
} > "$work/message"
openssl pkeyutl -verify -pubin -inkey "$VENDOR_KEY" -rawin -in "$work/message" -sigfile "$work/signature" >&2

LICENSE=$(cat "$work/payload") # the license document, as the vendor signed it
export LICENSE
rm -rf "$work"
exec "$@"
