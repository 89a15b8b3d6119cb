package postgres

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"

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

// partsPrefix begins the form of parts whose runs are fields of that format, each with its
// length; behind it stands a hash of the runs' binary forms.
const partsPrefix = row.PartsPrefix + "pg-copy-binary:"

// binaryFormOf names the binary form of columns of these types, "" where there is none.
func binaryFormOf(types []schema.Type) row.Form {
	h := sha256.New()
	for _, t := range types {
		if !addBinaryForm(h, t) {
			return ""
		}
	}
	return row.Form(binaryPrefix + hex.EncodeToString(h.Sum(nil)[:8]))
}

func addBinaryForm(h hash.Hash, t schema.Type) bool {
	f := binaryForm(t)
	h.Write([]byte(f + "\x00")) // a hash takes all
	return f != ""
}

// partsFormOf names the form of parts, of columns of these types, "" where there is none.
func partsFormOf(parts []providers.Part, types []schema.Type) row.Form {
	h := sha256.New()
	for _, p := range parts {
		if p.N == 0 {
			continue // canonical text is the same everywhere
		}
		for _, t := range types[p.From : p.From+p.N] {
			if !addBinaryForm(h, t) {
				return ""
			}
		}
		h.Write([]byte{1}) // the end of a run
	}
	return row.Form(partsPrefix + hex.EncodeToString(h.Sum(nil)[:8]))
}

// readForms are the forms in which these columns can be read. Where a column is wanted
// as another type than its own, only its fields can be.
func readForms(t providers.ReadTable, encoding string) []row.Form {
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
	// The text of a database without an encoding is looked at field by field.
	if len(t.Parts) > 0 && encoding != "SQL_ASCII" && readsParts(t) {
		if f := partsFormOf(t.Parts, types); f != "" {
			forms = append([]row.Form{f}, forms...)
		}
	}
	return forms
}

// writeForms are the forms in which a load's columns can be written, best first.
func writeForms(l providers.Load) []row.Form {
	sources := make([]schema.Type, len(l.Columns))
	passes, binary := true, true
	for i, c := range l.Columns {
		sources[i] = c.Source
		passes = passes && textPasses(c.Source, c.Type)
		binary = binary && binaryForm(c.Source) == binaryForm(c.Type)
	}
	forms := []row.Form{row.FormFields}
	if passes {
		forms = []row.Form{textForm, row.FormFields}
		if f := binaryFormOf(sources); f != "" && binary {
			forms = append([]row.Form{f}, forms...)
		}
	}
	if len(l.Parts) > 0 && writesParts(l) {
		if f := partsFormOf(l.Parts, sources); f != "" {
			forms = append([]row.Form{f}, forms...)
		}
	}
	return forms
}
