// Package docs holds the pages that the program itself shows parts of.
package docs

import (
	"embed"
	"strings"
)

//go:embed hazards/SF*.md
var pages embed.FS

// Hazard is the page of one hazard's code.
type Hazard struct {
	Title  string // what it is, in one sentence
	Advice string // what to do about it; "" where the page says nothing
	Text   string // the whole page
}

// HazardPage reads the page of a code; false where there is none.
func HazardPage(code string) (Hazard, bool) {
	b, err := pages.ReadFile("hazards/" + code + ".md")
	if err != nil {
		return Hazard{}, false
	}
	h := Hazard{Text: string(b)}
	head, rest, _ := strings.Cut(h.Text, "\n")
	_, h.Title, _ = strings.Cut(head, ": ")
	if _, advice, ok := strings.Cut(rest, "\nWhat to do: "); ok {
		advice, _, _ = strings.Cut(advice, "\n\n")
		h.Advice = strings.Join(strings.Fields(advice), " ")
	}
	return h, true
}
