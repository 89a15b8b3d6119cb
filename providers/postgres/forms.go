package postgres

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// textForm is COPY's text format: a batch's Data is lines of it. What the columns are
// need not agree beyond textPasses, which the writer looks at.
const textForm row.Form = "pg-copy-text"

// binaryPrefix begins the form of COPY's binary format, the tuples without header and
// trailer; behind it stands a hash of the columns' binary forms.
const binaryPrefix = "pg-copy-binary:"

// binaryFormOf names the binary form of columns of these types, "" where there is none.
func binaryFormOf(types []schema.Type) row.Form {
	h := sha256.New()
	for _, t := range types {
		f := binaryForm(t)
		if f == "" {
			return ""
		}
		h.Write([]byte(f + "\x00"))
	}
	return row.Form(binaryPrefix + hex.EncodeToString(h.Sum(nil)[:8]))
}

// readForms are the forms in which these columns can be read. Where a column is wanted
// as another type than its own, only its fields can be.
func readForms(t providers.ReadTable) []row.Form {
	types := make([]schema.Type, len(t.Columns))
	for i, c := range t.Columns {
		if c.As.Kind != "" && !c.As.Equal(c.Type) {
			return []row.Form{row.FormFields}
		}
		types[i] = c.Type
	}
	forms := []row.Form{textForm, row.FormFields}
	if f := binaryFormOf(types); f != "" {
		forms = append([]row.Form{f}, forms...)
	}
	return forms
}

// writeForms are the forms in which these columns can be written, best first.
func writeForms(columns []providers.WriteColumn) []row.Form {
	sources := make([]schema.Type, len(columns))
	binary := true
	for i, c := range columns {
		if !textPasses(c.Source, c.Type) {
			return []row.Form{row.FormFields}
		}
		sources[i] = c.Source
		binary = binary && binaryForm(c.Source) == binaryForm(c.Type)
	}
	forms := []row.Form{textForm, row.FormFields}
	if f := binaryFormOf(sources); f != "" && binary {
		forms = append([]row.Form{f}, forms...)
	}
	return forms
}
