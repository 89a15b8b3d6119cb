// Command importlint checks who imports whom, against the rules of the house
// (rules.go), and a few manners that no other linter knows: no init(), no package
// util, no file past 500 lines. It is run from the module's root and prints a line per
// violation.
package main

import (
	"fmt"
	"os"
)

const module = "github.com/syncform/syncform"

func main() {
	found, err := check(os.DirFS("."), module)
	if err != nil {
		fmt.Fprintln(os.Stderr, "importlint:", err)
		os.Exit(1)
	}
	for _, line := range found {
		fmt.Println(line)
	}
	if len(found) > 0 {
		os.Exit(1)
	}
}
