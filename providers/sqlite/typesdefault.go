package sqlite

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// readDefault reads the text of a default: a literal becomes the canonical text of
// the column's type, where it is a value of that type; anything else is an expression.
// DEFAULT NULL is no default.
func readDefault(text string, t schema.Type) *schema.Default {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil
	}
	toks := tokenize(text)
	sign := ""
	if len(toks) == 2 && toks[0].kind == tokenOther && (toks[0].text == "-" || toks[0].text == "+") && toks[1].kind == tokenNumber {
		if toks[0].text == "-" {
			sign = "-"
		}
		toks = toks[1:]
	}
	if len(toks) != 1 {
		return &schema.Default{Text: text}
	}
	literal, ok := "", false
	switch tok := toks[0]; tok.kind {
	case tokenWord:
		switch upper := strings.ToUpper(tok.text); upper {
		case "NULL":
			return nil
		case "TRUE", "FALSE":
			literal, ok = literalNumber(map[string]string{"TRUE": "1", "FALSE": "0"}[upper], t)
		case "CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME":
			return &schema.Default{Text: upper}
		}
	case tokenNumber:
		literal, ok = literalNumber(sign+tok.text, t)
	case tokenString, tokenName: // SQLite takes a quoted name for a string here
		literal, ok = literalText(tok.name(), t)
	case tokenBlob:
		b, err := hex.DecodeString(tok.text[2 : len(tok.text)-1])
		literal, ok = string(b), err == nil && (t.IsBinary() || isBigUnsigned(t) && allDigits(b))
	}
	if !ok {
		return &schema.Default{Text: text}
	}
	return &schema.Default{Literal: true, Text: literal}
}

// literalNumber gives a number's canonical text as a value of t.
func literalNumber(text string, t schema.Type) (string, bool) {
	if neg, hexa := strings.CutPrefix(strings.ToLower(text), "-"); strings.HasPrefix(neg, "0x") {
		n, err := strconv.ParseUint(neg[2:], 16, 64)
		if err != nil {
			return "", false
		}
		text = strconv.FormatInt(int64(n), 10)
		if hexa {
			text = strconv.FormatInt(-int64(n), 10)
		}
	}
	switch t.Kind {
	case schema.Bool:
		return map[string]string{"0": "f", "1": "t"}[text], text == "0" || text == "1"
	case schema.Int, schema.Year:
		n, err := strconv.ParseInt(text, 10, 64)
		return strconv.FormatInt(n, 10), err == nil
	case schema.Decimal:
		if affinityOf(t.Native) == affinityText || strings.ContainsAny(text, "eE") {
			break
		}
		return text, true
	case schema.Float:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil && !math.IsInf(f, 0) {
			return "", false
		}
		return string(row.AppendFloat(nil, f, t.Bits)), true
	case schema.Char, schema.Varchar, schema.Text:
		n, err := strconv.ParseInt(text, 10, 64) // 5 in a text column is '5'; 5.0 is what the server makes of it
		return strconv.FormatInt(n, 10), err == nil && affinityOf(t.Native) == affinityText
	}
	return "", false
}

// literalText gives a string's canonical text as a value of t.
func literalText(text string, t schema.Type) (string, bool) {
	switch t.Kind {
	case schema.Bool, schema.Int, schema.Year:
		n, err := strconv.ParseInt(text, 10, 64) // affinity makes a number of it
		if err != nil {
			return "", false
		}
		return literalNumber(strconv.FormatInt(n, 10), t)
	case schema.Float:
		if text == "NaN" {
			return text, true
		}
		return literalNumber(text, t)
	case schema.Decimal:
		d, err := appendDecimal(nil, []byte(text), t)
		return string(d), err == ""
	case schema.Date, schema.Time, schema.TimeTZ, schema.Timestamp, schema.TimestampTZ:
		d, err := appendTime(nil, []byte(text), t)
		return string(d), err == ""
	case schema.UUID:
		d, err := appendUUID(nil, []byte(text))
		return string(d), err == ""
	case schema.Char:
		return strings.TrimRight(text, " "), true
	}
	return text, !t.IsBinary()
}

// writeDefault gives the text behind DEFAULT.
func writeDefault(d *schema.Default, t schema.Type) string {
	if !d.Literal {
		switch strings.ToUpper(d.Text) {
		case "CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME":
			return d.Text
		}
		return "(" + d.Text + ")"
	}
	switch t.Kind {
	case schema.Bool:
		if d.Text == "t" {
			return "1"
		}
		return "0"
	case schema.Int, schema.Year:
		if _, err := strconv.ParseInt(d.Text, 10, 64); err == nil {
			return d.Text
		}
		return quoteBlob([]byte(d.Text)) // past 64 bits with a sign: as write.go stores it
	case schema.Decimal:
		if affinityOf(t.Native) != affinityText && d.Text != "NaN" {
			return d.Text
		}
	case schema.Float:
		switch d.Text {
		case "NaN":
		case "Infinity":
			return "9e999"
		case "-Infinity":
			return "-9e999"
		default:
			return d.Text
		}
	case schema.Binary, schema.Varbinary, schema.Blob, schema.Geometry:
		return quoteBlob([]byte(d.Text))
	}
	return quoteText(d.Text)
}
