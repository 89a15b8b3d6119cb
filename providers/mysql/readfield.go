package mysql

import (
	"bytes"
	"database/sql/driver"
	"encoding/hex"
	"strconv"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// shape says how a column's text is made canonical.
type shape uint8

const (
	shapeText      shape = iota // as the server writes it
	shapeBool                   // a number that must be 0 or 1
	shapeLooseBool              // a number, of which 0 and 1 are bools: the writer says what it takes
	shapeFloat                  // the shortest of its width
	shapeDecimal                // without the zeros of zerofill
	shapeTime                   // without trailing zeros of the fraction
	shapeInstant                // so, and +00 behind
	shapeDay                    // the date of a DATETIME
	shapeBits                   // a digit per bit
	shapeBitBool                // a BIT(1) as a bool
	shapeUUIDBytes              // BINARY(16) as a UUID
)

// field is one column of a read.
type field struct {
	shape shape
	bits  int // of the float that is wanted, or of a BIT
}

// fieldOf chooses the shape for a column as it is and as it is wanted.
func fieldOf(c providers.ReadColumn, native bool) field {
	as := c.As
	if as.Kind == "" {
		as = c.Type
	}
	switch c.Type.Kind {
	case schema.Bool, schema.Int:
		if as.Kind == schema.Bool && !native {
			return field{shape: shapeBool}
		}
	case schema.Float:
		bits := c.Type.Bits
		if as.Kind == schema.Float && as.Bits != 0 {
			bits = as.Bits
		}
		return field{shape: shapeFloat, bits: bits}
	case schema.Decimal:
		return field{shape: shapeDecimal}
	case schema.Time:
		return field{shape: shapeTime}
	case schema.Timestamp, schema.TimestampTZ:
		switch as.Kind {
		case schema.TimestampTZ:
			return field{shape: shapeInstant}
		case schema.Date:
			return field{shape: shapeDay}
		}
		return field{shape: shapeTime}
	case schema.Bit:
		if as.Kind == schema.Bool {
			return field{shape: shapeBitBool}
		}
		return field{shape: shapeBits, bits: max(c.Type.Length, 1)}
	case schema.Binary, schema.Varbinary:
		if as.Kind == schema.UUID {
			return field{shape: shapeUUIDBytes}
		}
	}
	return field{shape: shapeText}
}

// append writes a value that is not NULL; why says what is wrong with it.
func (f field) append(dst []byte, v driver.Value) (out []byte, why string) {
	switch v := v.(type) {
	case []byte:
		return f.appendBytes(dst, v)
	case int64:
		if f.shape == shapeBool || f.shape == shapeLooseBool && v&^1 == 0 {
			return appendBool(dst, v == 0, v == 1)
		}
		return strconv.AppendInt(dst, v, 10), ""
	case uint64:
		if f.shape == shapeBool {
			return appendBool(dst, v == 0, v == 1)
		}
		return strconv.AppendUint(dst, v, 10), ""
	case float64:
		return row.AppendFloat(dst, v, f.floatBits(64)), ""
	case float32:
		return row.AppendFloat(dst, float64(v), f.floatBits(32)), ""
	}
	return append(dst, textOf(v)...), ""
}

func (f field) floatBits(own int) int {
	if f.bits == 0 {
		return own
	}
	return f.bits
}

func (f field) appendBytes(dst, v []byte) ([]byte, string) {
	switch f.shape {
	case shapeTime, shapeInstant:
		if bytes.IndexByte(v, '.') >= 0 {
			v = bytes.TrimSuffix(bytes.TrimRight(v, "0"), []byte("."))
		}
		dst = append(dst, v...)
		if f.shape == shapeInstant {
			dst = append(dst, "+00"...)
		}
		return dst, ""
	case shapeDecimal:
		if len(v) > 1 && v[0] == '0' && v[1] != '.' {
			return append(dst, canonicalDecimal(string(v))...), ""
		}
	case shapeDay:
		day, _, _ := bytes.Cut(v, []byte(" "))
		return append(dst, day...), ""
	case shapeBits:
		for i := f.bits - 1; i >= 0; i-- {
			at := len(v) - 1 - i/8
			digit := byte('0')
			if at >= 0 && v[at]>>(i%8)&1 == 1 {
				digit = '1'
			}
			dst = append(dst, digit)
		}
		return dst, ""
	case shapeBitBool:
		zero := len(bytes.Trim(v, "\x00")) == 0
		return appendBool(dst, zero, !zero)
	case shapeLooseBool:
		if string(v) != "0" && string(v) != "1" {
			break
		}
		return appendBool(dst, string(v) == "0", string(v) == "1")
	case shapeBool:
		return appendBool(dst, string(v) == "0" || string(v) == "f", string(v) == "1" || string(v) == "t")
	case shapeUUIDBytes:
		if len(v) == 16 {
			for i, b := range v {
				if i == 4 || i == 6 || i == 8 || i == 10 {
					dst = append(dst, '-')
				}
				dst = hex.AppendEncode(dst, []byte{b})
			}
			return dst, ""
		}
	}
	return append(dst, v...), ""
}

func appendBool(dst []byte, no, yes bool) ([]byte, string) {
	switch {
	case no:
		return append(dst, 'f'), ""
	case yes:
		return append(dst, 't'), ""
	}
	return dst, `tinyint(1) is taken for a bool, and the value is neither 0 nor 1: set tinyint1 = "int" for this endpoint, or alter the column to tinyint`
}
