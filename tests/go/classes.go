// Says which characters a text stands for if Go's regexp/syntax takes it for a character class, once simplified.
//
// Request: a text. Answer: the first and last code points of each range, or null.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"regexp/syntax"
)

func main() {
	input, output := bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)
	decoder := json.NewDecoder(input)
	for decoder.More() {
		var text string
		if err := decoder.Decode(&text); err != nil {
			panic(err)
		}
		parsed, err := syntax.Parse(text, syntax.Perl)
		if err != nil {
			output.Encode(nil)
			continue
		}
		parsed = parsed.Simplify()
		if parsed.Op != syntax.OpCharClass {
			output.Encode(nil)
			continue
		}
		output.Encode(parsed.Rune)
	}
}
