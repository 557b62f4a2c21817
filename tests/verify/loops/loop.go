package main

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"time"
)

// Built together with verify.go: runs its Verify on each line of standard input, LICENSE, KEY, PRODUCT, TIME with | between.
func init() {
	if os.Getenv("VERIFY_LOOP") == "" {
		return
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fields := strings.Split(lines.Text(), "|")
		license, _ := os.ReadFile(fields[0])
		key, _ := os.ReadFile(fields[1])
		now, _ := time.Parse(time.RFC3339, fields[3])
		payload, err := Verify(license, key, fields[2], now)
		if err != nil {
			fmt.Println("refused", err)
		} else {
			fmt.Printf("ok %x\n", sha256.Sum256(payload))
		}
	}
	os.Exit(0)
}
