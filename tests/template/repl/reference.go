// Go's own text/template, for the differential test: a JSON line {"template": …} gets the line {"out": …} or
// {"error": …}. Data is nil, the delimiters are those of Replicated Ship, and there are two functions more.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"text/template"
)

func list(values ...any) []any { return append([]any{}, values...) }

func dict(pairs ...any) map[string]any {
	made := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		made[pairs[i].(string)] = pairs[i+1]
	}
	return made
}

func answer(text string) map[string]string {
	parsed, err := template.New("t").Delims("{{repl ", "}}").Funcs(template.FuncMap{"list": list, "dict": dict}).Parse(text)
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, nil); err != nil {
		return map[string]string{"error": err.Error()}
	}
	return map[string]string{"out": out.String()}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked struct{ Template string }
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		if err := out.Encode(answer(asked.Template)); err != nil {
			panic(err)
		}
	}
}
