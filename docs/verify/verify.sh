#!/bin/sh
# Verifies a shipper license with openssl 3 and what small systems have (sh, sed, grep, tr, awk, cmp).
#
#   sh verify.sh LICENSE VENDOR.pub PRODUCT [TIME]
set -eu
export LC_ALL=C
umask 077

refuse() {
  echo "license refused: $1" >&2
  exit 1
}

# The value of a field of the payload, as it is written. In a text each quote has a backslash before it, so this finds
# fields only; one that stands there twice gives two lines, which is no value that anything below takes.
field() {
  grep -Eo "\"$1\" *: *($2) *([,}]|\$)" "$work/payload" | sed 's/^[^:]*: *//; s/ *[,}]*$//'
}

# Seconds since 1970 of a time in UTC. The year begins in March here: the leap day is its last.
seconds() {
  set -- $(printf %s "$1" | tr -c 0-9 ' ')
  year=$((1$1 - 10000)) month=$((1$2 - 100)) day=$((1$3 - 100))
  year=$((year - (month < 3)))
  days=$((365 * year + year / 4 - year / 100 + year / 400 + (153 * ((month + 9) % 12) + 2) / 5 + day - 719469))
  echo $((days * 86400 + (1$4 - 100) * 3600 + (1$5 - 100) * 60 + 1$6 - 100))
}

license=$1 key=$2 product=$3
if test $# -gt 3; then now=$(seconds "$4"); else now=$(date +%s); fi
type=application/vnd.shipper.license.v1+json
type_form='application/vnd[.]shipper[.]license[.]v1[+]json'
# Base64 with padding whose unused bits are zero: one text for any bytes
base64='([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)?'
signature="[{]\"keyid\":\"[] !#-[^-~]*\",\"sig\":\"$base64\"[}]"
time='"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# The envelope's JSON is there as it is, as base64 in one line, or as a license file. What is decoded is encoded again:
# one text stands for it, and that is what was given.
test "$(wc -c < "$license")" -le 65536 || refuse "it is no license in its one form"
case $(head -c 1 "$license" | tr -d '\0') in
  "{") cat "$license" > "$work/envelope" ;;
  -)
    sed '/^-----/d' "$license" | tr -d '\r' | openssl base64 -d > "$work/envelope" 2> /dev/null || true
    { echo "-----BEGIN SHIPPER LICENSE-----"; openssl base64 -in "$work/envelope"; echo "-----END SHIPPER LICENSE-----"; } > "$work/lf"
    cmp -s "$work/lf" "$license" || { awk '{ printf "%s\r\n", $0 }' "$work/lf" > "$work/crlf"; cmp -s "$work/crlf" "$license"; } ||
      refuse "it is no license in its one form"
    ;;
  *)
    openssl base64 -d -A -in "$license" > "$work/envelope" 2> /dev/null || true
    openssl base64 -A -in "$work/envelope" > "$work/line"
    cmp -s "$work/line" "$license" || refuse "it is no license in its one form"
    ;;
esac
test "$(tr -d ' -~' < "$work/envelope" | wc -c)" -eq 0 &&
  grep -Eqx "[{]\"payloadType\":\"$type_form\",\"payload\":\"$base64\",\"signatures\":\\[$signature(,$signature)*][}]" "$work/envelope" &&
  ! grep -Fq '"payload":""' "$work/envelope" &&
  test -z "$(grep -Eo '"keyid":"[^"]*"' "$work/envelope" | sort | uniq -d)" || refuse "it is no license in its one form"

keyid=$(openssl pkey -pubin -in "$key" -outform DER | openssl sha256 -r | cut -c 1-64)
sig=$(sed -n 's/.*{"keyid":"'"$keyid"'","sig":"\([^"]*\)"}.*/\1:/p' "$work/envelope")
test "$sig" || refuse "it is not signed by the trusted key"
sed 's/.*"payload":"\([^"]*\)".*/\1/' "$work/envelope" | tr -d '\n' | openssl base64 -d -A > "$work/payload"
printf %s "${sig%:}" | openssl base64 -d -A > "$work/signature"
{ printf 'DSSEv1 39 %s %d ' "$type" "$(wc -c < "$work/payload")"; cat "$work/payload"; } > "$work/signed"
test "$(wc -c < "$work/signature")" -eq 64 &&
  openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$work/signed" -sigfile "$work/signature" > /dev/null 2>&1 ||
  refuse "its signature is wrong"

begin=$(field not_before "$time") end=$(field expires_at "null|$time") grace=$(field grace_days '[0-9]{1,5}')
case $(field version 1):$begin:$end:$grace in
  1:\"????????????????????\":null:* | 1:\"????????????????????\":\"????????????????????\":*) ;;
  *) grace= ;;
esac
case $grace in '' | *[!0-9]*) refuse "its payload is of another version or form" ;; esac
test "$(field product '"[^"\\]*"')" = "\"$product\"" || refuse "it is for another product"
test "$now" -ge "$(seconds "$begin")" || refuse "it is not valid yet"
test "$end" = null || test "$now" -lt $(($(seconds "$end") + grace * 86400)) || refuse "it has expired"
cat "$work/payload"
