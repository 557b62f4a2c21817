// Verifies a shipper license. Needs nothing but Go's standard library.
//
//	go run verify.go LICENSE VENDOR.pub PRODUCT [TIME]
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
)

const (
	payloadType = "application/vnd.shipper.license.v1+json"
	// Base64 with padding whose unused bits are zero: one text for any bytes
	base64Text = `(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)?`
	signature  = `\{"keyid":"([ !#-\[\]-~]*)","sig":"(` + base64Text + `)"\}`
)

var (
	envelopeForm = regexp.MustCompile(`^\{"payloadType":"` + regexp.QuoteMeta(payloadType) + `","payload":"(` + base64Text +
		`)","signatures":\[(` + signature + `(?:,` + signature + `)*)\]\}$`)
	signatureForm = regexp.MustCompile(signature)
	timeForm      = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`)
)

// envelope returns the envelope's JSON from any of its three forms: itself, its base64, the license file.
func envelope(text string) string {
	if strings.HasPrefix(text, "{") {
		return text
	}
	body := text
	if lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n"); text != "" && text[0] == '-' && len(lines) > 2 {
		body = strings.Join(lines[1:len(lines)-2], "")
	}
	found, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		return ""
	}
	encoded := base64.StdEncoding.EncodeToString(found)
	file := "-----BEGIN SHIPPER LICENSE-----\n"
	for rest := encoded; rest != ""; {
		line := rest[:min(64, len(rest))]
		file, rest = file+line+"\n", rest[len(line):]
	}
	file += "-----END SHIPPER LICENSE-----\n"
	if text != encoded && text != file && text != strings.ReplaceAll(file, "\n", "\r\n") {
		return ""
	}
	return string(found)
}

// Verify returns the signed payload of a license, or an error that says why it is refused.
// The public key is the vendor's in PEM.
func Verify(license, publicKey []byte, product string, now time.Time) ([]byte, error) {
	var match []string
	if len(license) <= 65536 {
		match = envelopeForm.FindStringSubmatch(envelope(string(license)))
	}
	if match == nil || match[1] == "" {
		return nil, errors.New("it is no license in its one form")
	}
	byKey := map[string]string{}
	for _, each := range signatureForm.FindAllStringSubmatch(match[2], -1) {
		if _, twice := byKey[each[1]]; twice {
			return nil, errors.New("it is no license in its one form")
		}
		byKey[each[1]] = each[2]
	}
	block, _ := pem.Decode(publicKey)
	if block == nil {
		return nil, errors.New("there is no public key to verify it with")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	key, isEd25519 := parsed.(ed25519.PublicKey)
	if err != nil || !isEd25519 {
		return nil, errors.New("there is no public key to verify it with")
	}
	keyid := sha256.Sum256(block.Bytes)
	encoded, signed := byKey[hex.EncodeToString(keyid[:])]
	if !signed {
		return nil, errors.New("it is not signed by the trusted key")
	}
	payload, _ := base64.StdEncoding.DecodeString(match[1])
	sig, _ := base64.StdEncoding.DecodeString(encoded)
	message := fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
	if !ed25519.Verify(key, message, sig) { // false for any other length than 64
		return nil, errors.New("its signature is wrong")
	}
	// A map, since a struct's fields would also match names in another case
	var fields map[string]json.RawMessage
	var end *string
	var begin, forProduct string
	var version, grace int
	bad := json.Unmarshal(payload, &fields) != nil
	for name, value := range map[string]any{
		"version": &version, "product": &forProduct, "not_before": &begin, "expires_at": &end, "grace_days": &grace,
	} {
		bad = bad || fields[name] == nil || json.Unmarshal(fields[name], value) != nil
	}
	bad = bad || version != 1 || grace < 0 || grace > 36500 || bytes.Equal(fields["grace_days"], []byte("null"))
	if bad || !timeForm.MatchString(begin) || end != nil && !timeForm.MatchString(*end) {
		return nil, errors.New("its payload is of another version or form")
	}
	if forProduct != product {
		return nil, errors.New("it is for another product")
	}
	if from, err := time.Parse(time.RFC3339, begin); err != nil || now.Before(from) {
		return nil, errors.New("it is not valid yet")
	}
	if end != nil {
		until, err := time.Parse(time.RFC3339, *end)
		if err != nil || !now.Before(until.AddDate(0, 0, grace)) {
			return nil, errors.New("it has expired")
		}
	}
	return payload, nil
}

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: verify LICENSE VENDOR.pub PRODUCT [TIME]")
		os.Exit(1)
	}
	license, err := os.ReadFile(os.Args[1])
	publicKey, keyErr := os.ReadFile(os.Args[2])
	now, timeErr := time.Now(), error(nil)
	if len(os.Args) > 4 {
		now, timeErr = time.Parse(time.RFC3339, os.Args[4])
	}
	if err := errors.Join(err, keyErr, timeErr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	payload, err := Verify(license, publicKey, os.Args[3], now)
	if err != nil {
		fmt.Fprintln(os.Stderr, "license refused:", err)
		os.Exit(1)
	}
	os.Stdout.Write(payload)
}
