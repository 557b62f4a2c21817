// What packages base64 and base32 decode each {"call", "s"} to: text, the text of the error, or null for no UTF-8.
package main

import (
	"bufio"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"os"
	"unicode/utf8"
)

type request struct {
	Call, S string
}

func answer(r request) any {
	var data []byte
	var err error
	if r.Call == "base64" {
		data, err = base64.StdEncoding.DecodeString(r.S)
	} else {
		data, err = base32.StdEncoding.DecodeString(r.S)
	}
	if err != nil {
		return err.Error()
	}
	if !utf8.Valid(data) {
		return nil
	}
	return string(data)
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
