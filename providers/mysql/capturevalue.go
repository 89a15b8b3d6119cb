package mysql

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"time"

	binlog "github.com/go-mysql-org/go-mysql/mysql"

	"github.com/syncform/syncform/providers/row"
)

// Types that only MariaDB writes into the log.
const (
	typeBlobCompressed    = 140
	typeVarcharCompressed = 141
	typeTypedArray        = 20 // of an index of MySQL, never a column
)

// logColumn is one column of a table as the log has it.
type logColumn struct {
	typ      byte // ENUM and SET told from STRING
	meta     int  // what the table map says of it: length, width, digits
	unsigned bool
	shape    shape // of the text that is wanted
	bits     int   // of the float that is wanted
	pad      int   // bytes that a value is filled up to with zeros: BINARY(n)
	native   nativeForm
	labels   [][]byte
	charset  *charset // nil: the bytes are what is wanted
	want     bool     // its values are needed
	hidden   bool     // the server's own column: not in the relation
}

// nativeForm says what bytes of MariaDB's types without a type of their own in the log mean.
type nativeForm uint8

const (
	nativePlain nativeForm = iota
	nativeUUID
	nativeInet
)

// size gives how many bytes the value at the beginning of b takes.
func (c *logColumn) size(b []byte) int {
	switch c.typ {
	case binlog.MYSQL_TYPE_TINY, binlog.MYSQL_TYPE_YEAR:
		return 1
	case binlog.MYSQL_TYPE_SHORT:
		return 2
	case binlog.MYSQL_TYPE_INT24, binlog.MYSQL_TYPE_DATE, binlog.MYSQL_TYPE_NEWDATE, binlog.MYSQL_TYPE_TIME:
		return 3
	case binlog.MYSQL_TYPE_LONG, binlog.MYSQL_TYPE_FLOAT, binlog.MYSQL_TYPE_TIMESTAMP:
		return 4
	case binlog.MYSQL_TYPE_LONGLONG, binlog.MYSQL_TYPE_DOUBLE, binlog.MYSQL_TYPE_DATETIME:
		return 8
	case binlog.MYSQL_TYPE_TIMESTAMP2:
		return 4 + (c.meta+1)/2
	case binlog.MYSQL_TYPE_DATETIME2:
		return 5 + (c.meta+1)/2
	case binlog.MYSQL_TYPE_TIME2:
		return 3 + (c.meta+1)/2
	case binlog.MYSQL_TYPE_NEWDECIMAL:
		return decimalSize(c.meta>>8, c.meta&0xff)
	case binlog.MYSQL_TYPE_BIT:
		return (c.bitCount() + 7) / 8
	case binlog.MYSQL_TYPE_ENUM, binlog.MYSQL_TYPE_SET:
		return c.meta
	case binlog.MYSQL_TYPE_NULL:
		return 0
	}
	prefix := c.prefix()
	return prefix + littleEndian(b[:prefix])
}

// prefix is how many bytes hold the length of a value of variable length.
func (c *logColumn) prefix() int {
	switch c.typ {
	case binlog.MYSQL_TYPE_VARCHAR, binlog.MYSQL_TYPE_VAR_STRING, binlog.MYSQL_TYPE_STRING, typeVarcharCompressed:
		if c.meta < 256 {
			return 1
		}
		return 2
	}
	return c.meta
}

func (c *logColumn) bitCount() int { return c.meta>>8*8 + c.meta&0xff }

func littleEndian(b []byte) int {
	n := 0
	for i := len(b) - 1; i >= 0; i-- {
		n = n<<8 | int(b[i])
	}
	return n
}

func bigEndian(b []byte) int64 {
	var n int64
	for _, x := range b {
		n = n<<8 | int64(x)
	}
	return n
}

// append writes the canonical text of the value at the beginning of b, which has size bytes.
func (c *logColumn) append(dst, b []byte) ([]byte, error) {
	switch c.typ {
	case binlog.MYSQL_TYPE_TINY, binlog.MYSQL_TYPE_SHORT, binlog.MYSQL_TYPE_INT24, binlog.MYSQL_TYPE_LONG, binlog.MYSQL_TYPE_LONGLONG:
		return c.appendInt(dst, b), nil
	case binlog.MYSQL_TYPE_FLOAT:
		f := math.Float32frombits(binary.LittleEndian.Uint32(b))
		return row.AppendFloat(dst, float64(f), c.floatBits(32)), nil
	case binlog.MYSQL_TYPE_DOUBLE:
		return row.AppendFloat(dst, math.Float64frombits(binary.LittleEndian.Uint64(b)), c.floatBits(64)), nil
	case binlog.MYSQL_TYPE_NEWDECIMAL:
		return appendDecimal(dst, b, c.meta>>8, c.meta&0xff), nil
	case binlog.MYSQL_TYPE_YEAR:
		if b[0] == 0 {
			return append(dst, '0'), nil
		}
		return strconv.AppendInt(dst, 1900+int64(b[0]), 10), nil
	case binlog.MYSQL_TYPE_DATE, binlog.MYSQL_TYPE_NEWDATE:
		n := littleEndian(b[:3])
		return appendDate(dst, n>>9, n>>5&15, n&31), nil
	case binlog.MYSQL_TYPE_TIME, binlog.MYSQL_TYPE_TIME2:
		return c.appendTime(dst, b), nil
	case binlog.MYSQL_TYPE_DATETIME, binlog.MYSQL_TYPE_DATETIME2, binlog.MYSQL_TYPE_TIMESTAMP, binlog.MYSQL_TYPE_TIMESTAMP2:
		return c.appendDatetime(dst, b), nil
	case binlog.MYSQL_TYPE_BIT:
		return c.appendBits(dst, b), nil
	case binlog.MYSQL_TYPE_ENUM:
		n := littleEndian(b[:c.meta])
		if n > len(c.labels) {
			return dst, fmt.Errorf("the log has label %d of %d", n, len(c.labels))
		}
		if n > 0 { // 0 is the empty text that stands for a label that was refused
			dst = append(dst, c.labels[n-1]...)
		}
		return dst, nil
	case binlog.MYSQL_TYPE_SET:
		first := true
		for i, label := range c.labels {
			if b[i/8]>>(i%8)&1 == 1 {
				if !first {
					dst = append(dst, ',')
				}
				dst, first = append(dst, label...), false
			}
		}
		return dst, nil
	}
	prefix := c.prefix()
	n := littleEndian(b[:prefix])
	return c.appendString(dst, b[prefix:prefix+n])
}

func (c *logColumn) floatBits(own int) int {
	if c.bits == 0 {
		return own
	}
	return c.bits
}

func (c *logColumn) appendInt(dst, b []byte) []byte {
	var u uint64
	var bits uint
	switch c.typ {
	case binlog.MYSQL_TYPE_TINY:
		u, bits = uint64(b[0]), 8
	case binlog.MYSQL_TYPE_SHORT:
		u, bits = uint64(binary.LittleEndian.Uint16(b)), 16
	case binlog.MYSQL_TYPE_INT24:
		u, bits = uint64(b[0])|uint64(b[1])<<8|uint64(b[2])<<16, 24
	case binlog.MYSQL_TYPE_LONG:
		u, bits = uint64(binary.LittleEndian.Uint32(b)), 32
	default:
		u, bits = binary.LittleEndian.Uint64(b), 64
	}
	if c.shape == shapeBool && u <= 1 { // another number stays one, for the target to refuse
		return append(dst, "ft"[u])
	}
	if c.unsigned {
		return strconv.AppendUint(dst, u, 10)
	}
	return strconv.AppendInt(dst, int64(u<<(64-bits))>>(64-bits), 10)
}

func (c *logColumn) appendBits(dst, b []byte) []byte {
	n := c.bitCount()
	b = b[:(n+7)/8]
	if c.shape == shapeBitBool {
		dst, _ = field{shape: shapeBitBool}.appendBytes(dst, b)
		return dst
	}
	dst, _ = field{shape: shapeBits, bits: n}.appendBytes(dst, b)
	return dst
}

// appendString writes what has a length in front: text, bytes, JSON, geometry.
func (c *logColumn) appendString(dst, v []byte) ([]byte, error) {
	switch c.typ {
	case binlog.MYSQL_TYPE_JSON:
		return appendBinaryJSON(dst, v)
	case typeBlobCompressed, typeVarcharCompressed:
		plain, err := uncompressColumn(v)
		if err != nil {
			return dst, err
		}
		v = plain
	}
	start := len(dst)
	switch {
	case c.charset != nil:
		return c.charset.append(dst, v)
	default:
		dst = append(dst, v...)
	}
	for len(dst)-start < c.pad {
		dst = append(dst, 0)
	}
	switch {
	case c.native == nativeUUID:
		return appendMariaUUID(dst[:start], dst[start:]), nil
	case c.native == nativeInet:
		addr, _ := netip.AddrFromSlice(dst[start:])
		return appendInet(dst[:start], addr), nil
	case c.shape == shapeUUIDBytes && len(dst)-start == 16:
		return appendUUID(dst[:start], [16]byte(dst[start:])), nil
	}
	return dst, nil
}

func appendUUID(dst []byte, v [16]byte) []byte {
	for i, from := range []int{0, 4, 6, 8, 10} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, v[from:[]int{4, 6, 8, 10, 16}[i]])
	}
	return dst
}

// appendMariaUUID writes a UUID as MariaDB keeps it in rows: those of versions 1 to 5 with
// the last part first, so that they are ordered by node and time.
func appendMariaUUID(dst, rec []byte) []byte {
	var v [16]byte
	copy(v[:], rec)
	if rec[6]&0x80 != 0 && rec[8] > 0 && rec[8] < 0x60 {
		copy(v[0:4], rec[12:16])
		copy(v[4:6], rec[10:12])
		copy(v[6:8], rec[8:10])
		copy(v[8:10], rec[6:8])
		copy(v[10:16], rec[0:6])
	}
	return appendUUID(dst, v)
}

// appendInet writes an address as the server does: an IPv4 address in IPv6 with dots.
func appendInet(dst []byte, addr netip.Addr) []byte {
	if !addr.IsValid() {
		return dst
	}
	if b := addr.As16(); addr.Is6() && b[12]|b[13] != 0 && [12]byte(b[:12]) == ([12]byte{}) { // ::1.2.3.4
		dst = append(dst, "::"...)
		return netip.AddrFrom4([4]byte(b[12:])).AppendTo(dst)
	}
	return addr.AppendTo(dst)
}

var decimalBytes = [...]int{0, 1, 1, 2, 2, 3, 3, 4, 4, 4}

func decimalSize(precision, scale int) int {
	whole := precision - scale
	return whole/9*4 + decimalBytes[whole%9] + scale/9*4 + decimalBytes[scale%9]
}

// appendDecimal writes a decimal: groups of nine digits in four bytes each, big-endian, all
// bits turned where it is negative, the first bit turned always.
func appendDecimal(dst, b []byte, precision, scale int) []byte {
	mask := byte(0)
	if b[0]&0x80 == 0 {
		mask = 0xff
		dst = append(dst, '-')
	}
	at := 0
	group := func(n int) uint64 {
		var v uint64
		for range n {
			x := b[at] ^ mask
			if at == 0 {
				x ^= 0x80
			}
			v, at = v<<8|uint64(x), at+1
		}
		return v
	}
	digits := func(v uint64, n int) {
		var buf [9]byte
		for i := n - 1; i >= 0; i-- {
			buf[i], v = byte('0'+v%10), v/10
		}
		dst = append(dst, buf[:n]...)
	}
	whole, started := precision-scale, false
	if n := whole % 9; n > 0 {
		if v := group(decimalBytes[n]); v != 0 {
			dst, started = strconv.AppendUint(dst, v, 10), true
		}
	}
	for range whole / 9 {
		v := group(4)
		switch {
		case started:
			digits(v, 9)
		case v != 0:
			dst, started = strconv.AppendUint(dst, v, 10), true
		}
	}
	if !started {
		dst = append(dst, '0')
	}
	if scale == 0 {
		return dst
	}
	dst = append(dst, '.')
	for range scale / 9 {
		digits(group(4), 9)
	}
	if n := scale % 9; n > 0 {
		digits(group(decimalBytes[n]), n)
	}
	return dst
}

func append2(dst []byte, n int) []byte {
	if n >= 100 {
		return strconv.AppendInt(dst, int64(n), 10)
	}
	return append(dst, byte('0'+n/10), byte('0'+n%10))
}

func appendDate(dst []byte, year, month, day int) []byte {
	dst = append(dst, byte('0'+year/1000%10), byte('0'+year/100%10), byte('0'+year/10%10), byte('0'+year%10), '-')
	dst = append(append2(dst, month), '-')
	return append2(dst, day)
}

func appendClock(dst []byte, hour, minute, second, micro int) []byte {
	dst = append(append2(dst, hour), ':')
	dst = append(append2(dst, minute), ':')
	dst = append2(dst, second)
	if micro == 0 {
		return dst
	}
	dst = append(dst, '.')
	for unit := 100000; micro > 0; unit /= 10 {
		dst = append(dst, byte('0'+micro/unit))
		micro %= unit
	}
	return dst
}

// fraction reads the microseconds behind a time, which take half a byte per digit.
func (c *logColumn) fraction(b []byte) int {
	switch c.meta {
	case 1, 2:
		return int(b[0]) * 10000
	case 3, 4:
		return int(binary.BigEndian.Uint16(b)) * 100
	case 5, 6:
		return int(b[0])<<16 | int(b[1])<<8 | int(b[2])
	}
	return 0
}

func (c *logColumn) appendTime(dst, b []byte) []byte {
	if c.typ == binlog.MYSQL_TYPE_TIME { // before MySQL 5.6
		n := littleEndian(b[:3])
		if n >= 1<<23 {
			dst, n = append(dst, '-'), 1<<24-n
		}
		return appendClock(dst, n/10000, n/100%100, n%100, 0)
	}
	// One number of 24 bits and the fraction's, moved so that all are positive.
	size := (c.meta + 1) / 2
	n := bigEndian(b[:3+size]) - 1<<(23+8*size)
	if n < 0 {
		dst, n = append(dst, '-'), -n
	}
	micro := int(n & (1<<(8*size) - 1))
	for range 3 - size {
		micro *= 100
	}
	if size == 0 {
		micro = 0
	}
	n >>= 8 * size
	return appendClock(dst, int(n>>12&0x3ff), int(n>>6&63), int(n&63), micro)
}

func (c *logColumn) appendDatetime(dst, b []byte) []byte {
	var year, month, day, hour, minute, second, micro int
	switch c.typ {
	case binlog.MYSQL_TYPE_TIMESTAMP, binlog.MYSQL_TYPE_TIMESTAMP2:
		var at int64
		if c.typ == binlog.MYSQL_TYPE_TIMESTAMP {
			at = int64(binary.LittleEndian.Uint32(b))
		} else {
			at, micro = int64(binary.BigEndian.Uint32(b)), c.fraction(b[4:])
		}
		if at != 0 || micro != 0 {
			t := time.Unix(at, 0).UTC()
			var m time.Month
			year, m, day = t.Date()
			month = int(m)
			hour, minute, second = t.Clock()
		}
	case binlog.MYSQL_TYPE_DATETIME:
		n := binary.LittleEndian.Uint64(b)
		date, clock := int(n/1000000), int(n%1000000)
		year, month, day = date/10000, date/100%100, date%100
		hour, minute, second = clock/10000, clock/100%100, clock%100
	default:
		n := bigEndian(b[:5]) - 1<<39
		micro = c.fraction(b[5:])
		days, clock := int(n>>17), int(n&(1<<17-1))
		year, month, day = days>>5/13, days>>5%13, days&31
		hour, minute, second = clock>>12, clock>>6&63, clock&63
	}
	dst = appendDate(dst, year, month, day)
	if c.shape == shapeDay {
		return dst
	}
	dst = appendClock(append(dst, ' '), hour, minute, second, micro)
	if c.shape == shapeInstant {
		dst = append(dst, "+00"...)
	}
	return dst
}
