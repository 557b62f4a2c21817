// Verifies a certificate with Go's crypto/x509, and that its key belongs to it.
//
// Request: {"cert": PEM, "key": PEM, "ca": PEM, "host": name or ""}. Answer: what is wrong, or an empty text.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"os"
)

type request struct{ Cert, Key, CA, Host string }

func main() {
	decoder, output := json.NewDecoder(bufio.NewReader(os.Stdin)), json.NewEncoder(os.Stdout)
	for decoder.More() {
		var asked request
		if err := decoder.Decode(&asked); err != nil {
			panic(err)
		}
		output.Encode(problem(asked))
	}
}

func problem(asked request) string {
	pair, err := tls.X509KeyPair([]byte(asked.Cert), []byte(asked.Key))
	if err != nil {
		return err.Error()
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return err.Error()
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(asked.CA)) {
		return "no certificate of an authority"
	}
	options := x509.VerifyOptions{Roots: roots, DNSName: asked.Host}
	if _, err := leaf.Verify(options); err != nil {
		return err.Error()
	}
	return ""
}
