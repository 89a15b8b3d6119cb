package postgres

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"

	"github.com/syncform/syncform/providers/schema"
)

// binaryValue appends the binary form of a value, given the text that the server would
// read; reason says why it is none of the type, "" where it is.
type binaryValue func(dst, text []byte) (out []byte, reason string)

// binaryValueOf picks it for a column, of which values of source come; nil where the
// column's binary form is not written here.
func binaryValueOf(source, t schema.Type) binaryValue {
	if binaryForm(t) == "" {
		return nil
	}
	same := source.Kind == t.Kind
	switch t.Kind {
	case schema.Bool:
		if same {
			return boolValue
		}
	case schema.Int:
		if same {
			return func(dst, v []byte) ([]byte, string) { return intValue(dst, v, t.Bits) }
		}
	case schema.Float:
		if same {
			return func(dst, v []byte) ([]byte, string) { return floatValue(dst, v, t.Bits) }
		}
	case schema.Decimal:
		if same || source.Kind == schema.Int {
			return numericValue
		}
	case schema.Varchar, schema.Text, schema.Char:
		if isCharacters(source.Kind) {
			return func(dst, v []byte) ([]byte, string) { return append(dst, v...), "" }
		}
	case schema.Date:
		if same {
			return dateValue
		}
	case schema.Timestamp, schema.TimestampTZ:
		if same {
			return momentValue
		}
	}
	return nil
}

func boolValue(dst, v []byte) ([]byte, string) {
	switch string(v) {
	case "t":
		return append(dst, 1), ""
	case "f":
		return append(dst, 0), ""
	}
	return dst, "the value is no boolean"
}

func intValue(dst, v []byte, bits int) ([]byte, string) {
	n, err := strconv.ParseInt(string(v), 10, 64) // does not allocate
	if err != nil || bits < 64 && (n < -1<<(bits-1) || n >= 1<<(bits-1)) {
		return dst, badReasons["22003"]
	}
	switch bits {
	case 16:
		return binary.BigEndian.AppendUint16(dst, uint16(n)), ""
	case 32:
		return binary.BigEndian.AppendUint32(dst, uint32(n)), ""
	}
	return binary.BigEndian.AppendUint64(dst, uint64(n)), ""
}

func floatValue(dst, v []byte, bits int) ([]byte, string) {
	f, err := strconv.ParseFloat(string(v), bits)
	if err != nil {
		return dst, badReasons["22003"]
	}
	if bits == 32 {
		return binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(f))), ""
	}
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(f)), ""
}

// numericValue: see numericText.
func numericValue(dst, v []byte) ([]byte, string) {
	sign := uint16(0)
	switch string(v) {
	case "NaN":
		return append(dst, 0, 0, 0, 0, numericNaN>>8, 0, 0, 0), ""
	case "Infinity":
		return append(dst, 0, 0, 0, 0, numericPlusInf>>8, 0, 0, 0), ""
	case "-Infinity":
		return append(dst, 0, 0, 0, 0, numericMinusInf>>8, 0, 0, 0), ""
	}
	if len(v) > 0 && v[0] == '-' {
		sign, v = numericNegative, v[1:]
	}
	whole, part := v, []byte(nil)
	if dot := bytes.IndexByte(v, '.'); dot >= 0 {
		whole, part = v[:dot], v[dot+1:]
	}
	if len(whole) == 0 && len(part) == 0 || !areDigits(whole) || !areDigits(part) {
		return dst, badReasons["22P02"]
	}
	if len(whole) > 131072 || len(part) > 16383 {
		return dst, badReasons["22003"]
	}
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0)
	n, weight := 0, (len(whole)+3)/4-1
	// The first group holds what is left over, the last is filled up.
	for group := (len(whole)+3)%4 + 1; len(whole) > 0; group = 4 {
		dst = binary.BigEndian.AppendUint16(dst, number4(whole[:group], group))
		whole = whole[group:]
		n++
	}
	scale := len(part)
	for len(part) > 0 {
		group := min(4, len(part))
		dst = binary.BigEndian.AppendUint16(dst, number4(part[:group], 4))
		part = part[group:]
		n++
	}
	digits := dst[start+8:]
	skip := 0
	for skip < n && digits[2*skip] == 0 && digits[2*skip+1] == 0 {
		skip++
	}
	for n > skip && digits[2*n-2] == 0 && digits[2*n-1] == 0 {
		n--
	}
	copy(digits, digits[2*skip:2*n])
	weight, n = weight-skip, n-skip
	if n == 0 {
		weight, sign = 0, 0
	}
	head := dst[start:]
	binary.BigEndian.PutUint16(head, uint16(n))
	binary.BigEndian.PutUint16(head[2:], uint16(weight))
	binary.BigEndian.PutUint16(head[4:], sign)
	binary.BigEndian.PutUint16(head[6:], uint16(scale))
	return dst[:start+8+2*n], ""
}

// number4 reads digits, as the first of so many.
func number4(v []byte, width int) (n uint16) {
	for i := range width {
		n *= 10
		if i < len(v) {
			n += uint16(v[i] - '0')
		}
	}
	return n
}

func areDigits(v []byte) bool {
	for _, c := range v {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func dateValue(dst, v []byte) ([]byte, string) {
	switch string(v) {
	case "infinity":
		return binary.BigEndian.AppendUint32(dst, math.MaxInt32), ""
	case "-infinity":
		return append(dst, 0x80, 0, 0, 0), ""
	}
	v, bc := bytes.CutSuffix(v, beforeChrist)
	days, rest, ok := parseDay(v, bc)
	if !ok || len(rest) > 0 {
		return dst, badReasons["22007"]
	}
	if days < -2451545 || days >= 2145031949 {
		return dst, badReasons["22008"]
	}
	return binary.BigEndian.AppendUint32(dst, uint32(int32(days))), ""
}

func momentValue(dst, v []byte) ([]byte, string) {
	switch string(v) {
	case "infinity":
		return binary.BigEndian.AppendUint64(dst, math.MaxInt64), ""
	case "-infinity":
		return binary.BigEndian.AppendUint64(dst, 1<<63), ""
	}
	v, bc := bytes.CutSuffix(v, beforeChrist)
	v = bytes.TrimSuffix(v, utcZone)
	days, rest, ok := parseDay(v, bc)
	if !ok || len(rest) < 9 || rest[0] != ' ' || rest[3] != ':' || rest[6] != ':' {
		return dst, badReasons["22007"]
	}
	h, ok1 := parseTwo(rest[1:])
	m, ok2 := parseTwo(rest[4:])
	s, ok3 := parseTwo(rest[7:])
	if !ok1 || !ok2 || !ok3 || h > 23 || m > 59 || s > 59 {
		return dst, badReasons["22007"]
	}
	us := int64(0)
	if rest = rest[9:]; len(rest) > 0 {
		if rest[0] != '.' || len(rest) < 2 || len(rest) > 7 || !areDigits(rest[1:]) {
			return dst, badReasons["22007"]
		}
		for i := 1; i < 7; i++ {
			us *= 10
			if i < len(rest) {
				us += int64(rest[i] - '0')
			}
		}
	}
	if days < -2451545 || days >= 106751983 { // the year 294277
		return dst, badReasons["22008"]
	}
	return binary.BigEndian.AppendUint64(dst, uint64((days*86400+h*3600+m*60+s)*1_000_000+us)), ""
}

// parseDay reads a date as package row writes it, and gives the days since the first of
// January 2000 and what follows it.
func parseDay(v []byte, bc bool) (days int64, rest []byte, ok bool) {
	rest, ok = isCanonicalDate(v)
	if !ok || len(rest) == len(v) {
		return 0, nil, false
	}
	date := v[:len(v)-len(rest)]
	n := len(date) - 6
	if n < 4 || n > 7 {
		return 0, nil, false
	}
	var y int64
	for _, c := range date[:n] {
		y = 10*y + int64(c-'0')
	}
	m, _ := parseTwo(date[n+1:]) // digits both
	d, _ := parseTwo(date[n+4:])
	if y < 1 {
		return 0, nil, false
	}
	if bc {
		y = 1 - y
	}
	if m < 1 || m > 12 || d < 1 || d > daysOf(y, m) {
		return 0, nil, false
	}
	if m -= 3; m < 0 {
		y, m = y-1, m+12
	}
	era := y / 400
	if y %= 400; y < 0 {
		era, y = era-1, y+400
	}
	return era*146097 + 365*y + y/4 - y/100 + (153*m+2)/5 + d - 1 - days2000, rest, true
}

func daysOf(y, m int64) int64 {
	switch m {
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func parseTwo(v []byte) (int64, bool) {
	if v[0] < '0' || v[0] > '9' || v[1] < '0' || v[1] > '9' {
		return 0, false
	}
	return int64(v[0]-'0')*10 + int64(v[1]-'0'), true
}
