package mysql

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	binlog "github.com/go-mysql-org/go-mysql/mysql"
)

// The types of values in MySQL's binary JSON.
const (
	jsonSmallObject = iota
	jsonLargeObject
	jsonSmallArray
	jsonLargeArray
	jsonLiteral
	jsonInt16
	jsonUint16
	jsonInt32
	jsonUint32
	jsonInt64
	jsonUint64
	jsonDouble
	jsonString
	jsonOpaque = 15
)

var errJSON = errors.New("the log has JSON that can't be read")

// appendBinaryJSON writes MySQL's binary JSON as the server prints it.
func appendBinaryJSON(dst, v []byte) (out []byte, err error) {
	if len(v) == 0 { // what non-strict mode makes of NULL in a NOT NULL column
		return append(dst, "null"...), nil
	}
	defer func() {
		if recover() != nil { // an offset beyond the end
			out, err = dst, errJSON
		}
	}()
	return appendJSONValue(dst, v[0], v[1:])
}

func appendJSONValue(dst []byte, kind byte, v []byte) ([]byte, error) {
	switch kind {
	case jsonSmallObject, jsonLargeObject, jsonSmallArray, jsonLargeArray:
		return appendJSONContainer(dst, v, kind <= jsonLargeObject, kind == jsonSmallObject || kind == jsonSmallArray)
	case jsonLiteral:
		switch v[0] {
		case 0:
			return append(dst, "null"...), nil
		case 1:
			return append(dst, "true"...), nil
		case 2:
			return append(dst, "false"...), nil
		}
	case jsonInt16:
		return strconv.AppendInt(dst, int64(int16(binary.LittleEndian.Uint16(v))), 10), nil
	case jsonUint16:
		return strconv.AppendUint(dst, uint64(binary.LittleEndian.Uint16(v)), 10), nil
	case jsonInt32:
		return strconv.AppendInt(dst, int64(int32(binary.LittleEndian.Uint32(v))), 10), nil
	case jsonUint32:
		return strconv.AppendUint(dst, uint64(binary.LittleEndian.Uint32(v)), 10), nil
	case jsonInt64:
		return strconv.AppendInt(dst, int64(binary.LittleEndian.Uint64(v)), 10), nil
	case jsonUint64:
		return strconv.AppendUint(dst, binary.LittleEndian.Uint64(v), 10), nil
	case jsonDouble:
		return appendJSONDouble(dst, math.Float64frombits(binary.LittleEndian.Uint64(v))), nil
	case jsonString:
		n, rest := jsonLength(v)
		return appendJSONString(dst, rest[:n]), nil
	case jsonOpaque:
		n, rest := jsonLength(v[1:])
		return appendJSONOpaque(dst, v[0], rest[:n])
	}
	return dst, errJSON
}

// appendJSONContainer writes an object or array: count, size, the entries of the keys, the
// entries of the values, in which small ones stand themselves, then keys and values.
func appendJSONContainer(dst, v []byte, object, small bool) ([]byte, error) {
	width := 4
	if small {
		width = 2
	}
	number := func(at int) int { return littleEndian(v[at : at+width]) }
	count := number(0)
	values := 2 * width
	brackets := "[]"
	if object {
		values += count * (width + 2)
		brackets = "{}"
	}
	dst = append(dst, brackets[0])
	for i := range count {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if object {
			entry := 2*width + i*(width+2)
			from, length := number(entry), int(binary.LittleEndian.Uint16(v[entry+width:]))
			dst = append(appendJSONString(dst, v[from:from+length]), ": "...)
		}
		entry := values + i*(width+1)
		kind, at := v[entry], v[entry+1:]
		inline := kind == jsonLiteral || kind == jsonInt16 || kind == jsonUint16 || !small && (kind == jsonInt32 || kind == jsonUint32)
		if !inline {
			at = v[number(entry+1):]
		}
		var err error
		if dst, err = appendJSONValue(dst, kind, at); err != nil {
			return dst, err
		}
	}
	return append(dst, brackets[1]), nil
}

// jsonLength reads a length of seven bits a byte.
func jsonLength(v []byte) (int, []byte) {
	n := 0
	for i := range 5 {
		n |= int(v[i]&0x7f) << (7 * i)
		if v[i]&0x80 == 0 {
			return n, v[i+1:]
		}
	}
	panic(errJSON)
}

// appendJSONDouble writes a double so that it stays one: with a point or an exponent.
func appendJSONDouble(dst []byte, f float64) []byte {
	start := len(dst)
	if abs := math.Abs(f); abs != 0 && (abs < 1e-5 || abs >= 1e17) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	for _, c := range dst[start:] {
		if c == '.' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

func appendJSONString(dst, v []byte) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(v); {
		c := v[i]
		if c >= utf8.RuneSelf {
			_, n := utf8.DecodeRune(v[i:])
			dst = append(dst, v[i:i+n]...)
			i += n
			continue
		}
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\b':
			dst = append(dst, `\b`...)
		case c == '\f':
			dst = append(dst, `\f`...)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		default:
			dst = append(dst, c)
		}
		i++
	}
	return append(dst, '"')
}

// appendJSONOpaque writes a value of an SQL type within JSON.
func appendJSONOpaque(dst []byte, kind byte, v []byte) ([]byte, error) {
	switch kind {
	case binlog.MYSQL_TYPE_NEWDECIMAL:
		return appendDecimal(dst, v[2:], int(v[0]), int(v[1])), nil
	case binlog.MYSQL_TYPE_TIME, binlog.MYSQL_TYPE_DATE, binlog.MYSQL_TYPE_DATETIME, binlog.MYSQL_TYPE_TIMESTAMP:
		n := int64(binary.LittleEndian.Uint64(v))
		sign := ""
		if n < 0 {
			sign, n = "-", -n
		}
		micro, clock, days := n&(1<<24-1), n>>24&(1<<17-1), n>>41
		if kind == binlog.MYSQL_TYPE_TIME {
			clock = n >> 24
		}
		date := fmt.Sprintf("%04d-%02d-%02d", days>>5/13, days>>5%13, days&31)
		at := fmt.Sprintf("%02d:%02d:%02d.%06d", clock>>12, clock>>6&63, clock&63, micro)
		switch kind {
		case binlog.MYSQL_TYPE_TIME:
			return fmt.Appendf(dst, `"%s%s"`, sign, at), nil
		case binlog.MYSQL_TYPE_DATE:
			return fmt.Appendf(dst, `"%s"`, date), nil
		}
		return fmt.Appendf(dst, `"%s %s"`, date, at), nil
	}
	return fmt.Appendf(dst, `"base64:type%d:%s"`, kind, base64.StdEncoding.EncodeToString(v)), nil
}
