// What package time makes of each {"call", "layout", "text", "unix", "nano", "offset", "zone"}.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"time"
)

type request struct {
	Call, Layout, Text, Zone string
	Unix, Nano               int64
	Offset                   int
}

func answer(r request) any {
	switch r.Call {
	case "format":
		moment := time.Unix(r.Unix, r.Nano).UTC()
		if r.Offset != 0 || r.Zone != "" {
			moment = moment.In(time.FixedZone(r.Zone, r.Offset))
		}
		return moment.Format(r.Layout)
	case "parse":
		moment, err := time.ParseInLocation(r.Layout, r.Text, time.UTC)
		if err != nil {
			return map[string]string{"error": err.Error()}
		}
		return moment.String()
	case "duration":
		duration, err := time.ParseDuration(r.Text)
		if err != nil {
			return map[string]string{"error": err.Error()}
		}
		return []any{int64(duration), duration.String()}
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
