package postgres

import (
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// decodeDefault reads a default as pg_get_expr wrote it. A constant of the column's
// own type becomes its canonical text; NULL is no default; all else stays an
// expression.
func decodeDefault(t schema.Type, expr string) *schema.Default {
	if v, ok := decodeConstant(t, expr); ok {
		return &schema.Default{Literal: true, Text: v, Words: expr}
	}
	if value, cast := splitCast(expr); strings.EqualFold(value, "NULL") && (cast != "" || value == expr) {
		return nil
	}
	return &schema.Default{Text: expr}
}

// splitCast takes a trailing ::type off a quoted constant, NULL or a number.
func splitCast(expr string) (value, cast string) {
	end := len(expr)
	if strings.HasPrefix(expr, "'") {
		end = 1
		for end < len(expr) {
			if expr[end] == '\'' {
				if end+1 < len(expr) && expr[end+1] == '\'' {
					end += 2
					continue
				}
				end++
				break
			}
			end++
		}
	} else if i := strings.Index(expr, "::"); i >= 0 {
		end = i
	}
	value, rest := expr[:end], expr[end:]
	if rest == "" {
		return value, ""
	}
	cast, ok := strings.CutPrefix(rest, "::")
	if !ok {
		return expr, ""
	}
	return value, cast
}

// decodeConstant gives the canonical text of a constant, where the expression is one
// of the column's type.
func decodeConstant(t schema.Type, expr string) (string, bool) {
	value, cast := splitCast(expr)
	if inner, ok := strings.CutPrefix(value, "("); ok && strings.HasSuffix(inner, ")") { // (-1)
		value = inner[:len(inner)-1]
	}
	if !strings.HasPrefix(value, "'") {
		return decodeBare(t, value, cast)
	}
	if len(value) < 2 || !strings.HasSuffix(value, "'") || cast == "" {
		return "", false
	}
	text := strings.ReplaceAll(value[1:len(value)-1], "''", "'")
	if !sameTypeName(t, cast) {
		return "", false
	}
	switch {
	case t.IsBinary():
		raw, err := hex.DecodeString(strings.TrimPrefix(text, `\x`))
		if err != nil || !strings.HasPrefix(text, `\x`) || !utf8.Valid(raw) {
			return "", false // a string can't carry those bytes
		}
		return string(raw), true
	case t.Kind == schema.Char:
		return strings.TrimRight(text, " "), true
	case t.Kind == schema.Int || t.Kind == schema.Decimal || t.Kind == schema.Float:
		return decodeBare(t, text, "")
	}
	return text, true
}

// decodeBare reads true, false and numbers.
func decodeBare(t schema.Type, value, cast string) (string, bool) {
	switch t.Kind {
	case schema.Bool:
		switch {
		case cast != "":
		case value == "true":
			return "t", true
		case value == "false":
			return "f", true
		}
	case schema.Int:
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && numericCast(cast) {
			return strconv.FormatInt(n, 10), true
		}
	case schema.Decimal:
		if isPlainNumber(value) && numericCast(cast) {
			return value, true
		}
		if value == "NaN" && cast == "" {
			return value, true
		}
	case schema.Float:
		if value == "NaN" || value == "Infinity" || value == "-Infinity" {
			return value, cast == ""
		}
		if f, err := strconv.ParseFloat(value, t.Bits); err == nil && numericCast(cast) && value != "" && value[0] <= '9' {
			return string(row.AppendFloat(nil, f, t.Bits)), true
		}
	}
	return "", false
}

// numericCast says whether a cast can't change a number that the column takes as it is.
func numericCast(cast string) bool {
	switch cast {
	case "", "integer", "bigint", "smallint", "numeric", "double precision", "real":
		return true
	}
	return false
}

func isPlainNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	if s == "" {
		return false
	}
	dots := 0
	for _, c := range s {
		if c == '.' {
			dots++
		} else if c < '0' || c > '9' {
			return false
		}
	}
	return dots <= 1
}

// sameTypeName reports whether a cast names the column's type; lengths aside, as the
// server leaves them out of some casts. Texts may be cast to each other.
func sameTypeName(t schema.Type, cast string) bool {
	if cast == t.Native {
		return true
	}
	if t.Domain {
		return false
	}
	c, err := parseType(cast)
	if err != nil {
		return false
	}
	switch {
	case c.Length > 0 && c.Kind != schema.Bit || c.Precision > 0:
		return false // it may cut the constant
	case isCharacters(t.Kind) && isCharacters(c.Kind):
		return c.Kind != schema.Char || t.Kind == schema.Char
	case t.Kind == schema.Array || c.Kind == schema.Array:
		return t.Kind == c.Kind && t.Elem != nil && c.Elem != nil && sameTypeName(*t.Elem, c.Elem.Native)
	case t.Kind == schema.Int || t.Kind == schema.Decimal || t.Kind == schema.Float:
		return c.Kind == schema.Int || c.Kind == schema.Decimal || c.Kind == schema.Float
	case t.Kind == schema.Other:
		return false
	}
	return t.Kind == c.Kind && t.Name == c.Name
}
