package mysql

import (
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// canonicalDefault turns a default's value, as the server prints it, into the
// canonical text of the type.
func canonicalDefault(t schema.Type, v string) string {
	switch t.Kind {
	case schema.Bool:
		switch v {
		case "1":
			return "t"
		case "0":
			return "f"
		}
	case schema.Int, schema.Year:
		return canonicalInt(v)
	case schema.Decimal:
		return canonicalDecimal(v)
	case schema.Float:
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			return string(row.AppendFloat(nil, f, t.Bits))
		}
	case schema.Char:
		return strings.TrimRight(v, " ")
	case schema.Binary:
		if n := t.Length - len(v); n > 0 {
			return v + strings.Repeat("\x00", n)
		}
	case schema.Bit:
		if n := t.Length - len(v); n > 0 {
			return strings.Repeat("0", n) + v
		}
	case schema.Time, schema.Timestamp:
		return trimFraction(v)
	case schema.TimestampTZ:
		return trimFraction(v) + "+00"
	}
	return v
}

// nativeDefault is the way back: what the server is told.
func nativeDefault(t schema.Type, v string) string {
	switch t.Kind {
	case schema.Bool:
		switch v {
		case "t":
			return "1"
		case "f":
			return "0"
		}
	case schema.TimestampTZ, schema.Timestamp:
		return strings.TrimSuffix(v, "+00")
	case schema.Year:
		if v == "0" {
			return "0000"
		}
	}
	return v
}

func canonicalInt(v string) string {
	digits, negative := strings.CutPrefix(v, "-")
	digits = strings.TrimLeft(digits, "0")
	switch {
	case digits == "":
		return "0"
	case negative:
		return "-" + digits
	}
	return digits
}

func canonicalDecimal(v string) string {
	whole, fraction, has := strings.Cut(v, ".")
	whole = canonicalInt(whole)
	if strings.HasPrefix(v, "-") && whole == "0" && strings.Trim(fraction, "0") != "" {
		whole = "-0"
	}
	if has {
		return whole + "." + fraction
	}
	return whole
}

// trimFraction drops trailing zeros of the fraction of a second.
func trimFraction(v string) string {
	if !strings.Contains(v, ".") {
		return v
	}
	return strings.TrimSuffix(strings.TrimRight(v, "0"), ".")
}
