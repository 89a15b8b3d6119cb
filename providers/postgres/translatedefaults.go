package postgres

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// defaultOf says a default here: a literal where the column can hold it, the current
// time and random identifiers by their names here, and nothing, with a note, else.
func (tr *translation) defaultOf(s schema.Column, t schema.Type) *schema.Default {
	object := columnObject(s.Name)
	if s.Default.Literal {
		text, reason := convertLiteral(s.Type, t, s.Default.Text)
		if reason != "" {
			tr.note(object, "its default %s is left out: %s", literal(s.Default.Text), reason)
			return nil
		}
		return &schema.Default{Literal: true, Text: text}
	}
	if d := namedDefault(s.Default.Text, t); d != "" {
		return &schema.Default{Text: d}
	}
	if e, ok := tr.expression(s.Default.Text, t.Kind); ok {
		return &schema.Default{Text: e}
	}
	tr.note(object, "its default (%s) is in words that PostgreSQL may read otherwise; it is left out", s.Default.Text)
	return nil
}

// convertLiteral gives the canonical text of a literal in the target's type.
func convertLiteral(from, to schema.Type, text string) (string, string) {
	v := []byte(text)
	if c := converterFor(from, to); c != nil {
		out, reason := c(nil, v)
		if reason != "" {
			return "", reason
		}
		v = out
	}
	switch to.Kind {
	case schema.Date, schema.Timestamp, schema.TimestampTZ:
		if bytes.HasPrefix(v, []byte("0000")) || bytes.Contains(v, []byte("-00")) {
			return "", "PostgreSQL has no such date"
		}
	case schema.Bool, schema.Int, schema.Decimal, schema.Float, schema.JSON, schema.JSONB:
		if len(v) == 0 {
			return "", "an empty text is no such value"
		}
	}
	if to.Kind == schema.Float {
		v = row.Normal(nil, to, v)
	}
	if bytes.IndexByte(v, 0) >= 0 && !to.IsBinary() {
		return "", "PostgreSQL's text holds no NUL"
	}
	return string(v), ""
}

var (
	currentTime = regexp.MustCompile(`(?i)^\(?\s*(current_timestamp|now|localtimestamp|localtime|utc_timestamp|sysdate)\s*(?:\(\s*(\d?)\s*\))?\s*\)?$`)
	currentDay  = regexp.MustCompile(`(?i)^\(?\s*(current_date|curdate)\s*(?:\(\s*\))?\s*\)?$`)
	currentHour = regexp.MustCompile(`(?i)^\(?\s*(current_time|curtime)\s*(?:\(\s*(\d?)\s*\))?\s*\)?$`)
	randomUUID  = regexp.MustCompile(`(?i)^\(?\s*(uuid|uuid_v4)\s*\(\s*\)\s*\)?$`)
)

// namedDefault translates the functions that all systems have, in the server's spelling.
func namedDefault(text string, t schema.Type) string {
	withDigits := func(word, digits string) string {
		if digits == "" || digits == "6" {
			return word
		}
		return fmt.Sprintf("%s(%s)", word, digits)
	}
	if m := currentTime.FindStringSubmatch(text); m != nil {
		utc := strings.EqualFold(m[1], "utc_timestamp")
		switch t.Kind {
		case schema.TimestampTZ:
			return withDigits("CURRENT_TIMESTAMP", m[2])
		case schema.Timestamp:
			if utc {
				return "(CURRENT_TIMESTAMP AT TIME ZONE 'UTC'::text)"
			}
			return withDigits("CURRENT_TIMESTAMP", m[2])
		case schema.Date:
			return "CURRENT_DATE"
		}
	}
	if currentDay.MatchString(text) && t.Kind == schema.Date {
		return "CURRENT_DATE"
	}
	if m := currentHour.FindStringSubmatch(text); m != nil && t.Kind == schema.Time {
		return withDigits("LOCALTIME", m[2])
	}
	if randomUUID.MatchString(text) {
		switch t.Kind {
		case schema.UUID:
			return "gen_random_uuid()"
		case schema.Char, schema.Varchar, schema.Text:
			return "(gen_random_uuid())::text"
		}
	}
	return ""
}
