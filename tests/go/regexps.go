// What package regexp makes of each {"call", "regex", "s", "n", "repl"}.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"regexp"
)

type request struct {
	Call, Regex, S, Repl string
	N                    int
}

func answer(r request) any {
	re, err := regexp.Compile(r.Regex)
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	switch r.Call {
	case "match":
		return re.MatchString(r.S)
	case "find":
		return re.FindString(r.S)
	case "all":
		return append([]string{}, re.FindAllString(r.S, r.N)...)
	case "replace":
		return re.ReplaceAllString(r.S, r.Repl)
	case "literal":
		return re.ReplaceAllLiteralString(r.S, r.Repl)
	case "split":
		return append([]string{}, re.Split(r.S, r.N)...)
	case "quote":
		return regexp.QuoteMeta(r.S)
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
