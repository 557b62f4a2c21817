// What packages net/url and path make of each {"call", "s", "parts"}.
package main

import (
	"bufio"
	"encoding/json"
	"net/url"
	"os"
	"path"
	"unicode/utf8"
)

type request struct {
	Call, S string
	Parts   map[string]string
}

func failed(err error) any {
	return map[string]string{"error": err.Error()}
}

func answer(r request) any {
	switch r.Call {
	case "parse":
		u, err := url.Parse(r.S)
		if err != nil {
			return failed(err)
		}
		parts := []string{u.Fragment, u.Host, u.Hostname(), u.Opaque, u.Path, u.RawQuery, u.Scheme, u.User.String()}
		for _, part := range parts {
			if !utf8.ValidString(part) {
				return map[string]string{"error": "not UTF-8"}
			}
		}
		return parts
	case "join":
		p := r.Parts
		u := url.URL{Scheme: p["scheme"], Host: p["host"], Path: p["path"], RawQuery: p["query"],
			Opaque: p["opaque"], Fragment: p["fragment"]}
		if p["userinfo"] != "" {
			with, err := url.Parse("proto://" + p["userinfo"] + "@host")
			if err != nil {
				return failed(err)
			}
			u.User = with.User
		}
		return u.String()
	case "path":
		return []any{path.Clean(r.S), path.Base(r.S), path.Dir(r.S), path.Ext(r.S), path.IsAbs(r.S)}
	}
	panic(r.Call)
}

func main() {
	in, out := json.NewDecoder(bufio.NewReader(os.Stdin)), json.NewEncoder(os.Stdout)
	for {
		var r request
		if in.Decode(&r) != nil {
			return
		}
		if err := out.Encode(answer(r)); err != nil {
			panic(err)
		}
	}
}
