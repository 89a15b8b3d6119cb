package mysql

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// charset turns text of a character set of the server into UTF-8, as the server does.
type charset struct {
	name   string
	single *[256]string // of sets of one byte a character
	wide   func(dst, v []byte) []byte
	ask    func(v []byte) ([]byte, error) // of the others: the server converts
}

func (c *charset) append(dst, v []byte) ([]byte, error) {
	switch {
	case c.single != nil:
		for _, b := range v {
			if b < utf8.RuneSelf {
				dst = append(dst, b)
			} else {
				dst = append(dst, c.single[b]...)
			}
		}
		return dst, nil
	case c.wide != nil:
		return c.wide(dst, v), nil
	}
	ascii := true
	for _, b := range v {
		ascii = ascii && b < utf8.RuneSelf && b != '\\' && b != '~' // which some sets have other characters for
	}
	if ascii {
		return append(dst, v...), nil
	}
	text, err := c.ask(v)
	return append(dst, text...), err
}

// charsets gives the sets of a server by the number of a collation, as the log has them.
type charsets struct {
	names  map[int]string // of the set, by the collation's number
	widths map[string]int // bytes of a character at most, by the set's name
	made   map[string]*charset
	ctx    context.Context
	conn   *Conn
}

// newCharsets asks the server which there are. ctx bounds what is asked later.
func newCharsets(ctx context.Context, c *Conn) (*charsets, error) {
	cs := &charsets{names: map[int]string{}, widths: map[string]int{}, made: map[string]*charset{}, ctx: ctx, conn: c}
	err := c.with(ctx, func(s *session) error {
		query := "SELECT ID, CHARACTER_SET_NAME FROM information_schema.COLLATIONS"
		if c.server.mariadb() {
			query = "SELECT ID, CHARACTER_SET_NAME FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY"
			if _, err := s.query(ctx, query+" LIMIT 1"); err != nil { // 10.6: it has no numbers yet
				query = "SELECT ID, CHARACTER_SET_NAME FROM information_schema.COLLATIONS"
			}
		}
		rows, err := s.query(ctx, query)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if id, err := strconv.Atoi(r[0]); err == nil {
				cs.names[id] = r[1]
			}
		}
		if rows, err = s.query(ctx, "SELECT CHARACTER_SET_NAME, MAXLEN FROM information_schema.CHARACTER_SETS"); err != nil {
			return err
		}
		for _, r := range rows {
			if cs.widths[r[0]], err = strconv.Atoi(r[1]); err != nil {
				return err
			}
		}
		return nil
	})
	return cs, err
}

// of gives the set of a collation; nil where its bytes are UTF-8 or no text.
func (cs *charsets) of(collation int) (*charset, error) {
	name, ok := cs.names[collation]
	if !ok {
		return nil, fmt.Errorf("the log has a collation, number %d, that the server does not list", collation)
	}
	switch name {
	case "binary", "utf8mb4", "utf8mb3", "utf8", "ascii":
		return nil, nil
	}
	if c := cs.made[name]; c != nil {
		return c, nil
	}
	c := &charset{name: name}
	switch name {
	case "ucs2", "utf16":
		c.wide = func(dst, v []byte) []byte { return appendUTF16(dst, v, binary.BigEndian) }
	case "utf16le":
		c.wide = func(dst, v []byte) []byte { return appendUTF16(dst, v, binary.LittleEndian) }
	case "utf32":
		c.wide = func(dst, v []byte) []byte {
			for ; len(v) >= 4; v = v[4:] {
				dst = utf8.AppendRune(dst, rune(binary.BigEndian.Uint32(v)))
			}
			return dst
		}
	default:
		if cs.widths[name] != 1 {
			c.ask = func(v []byte) ([]byte, error) { return cs.convert(name, v) }
			break
		}
		if err := cs.fill(c); err != nil {
			return nil, err
		}
	}
	cs.made[name] = c
	return c, nil
}

func appendUTF16(dst, v []byte, order binary.ByteOrder) []byte {
	for ; len(v) >= 2; v = v[2:] {
		r := rune(order.Uint16(v))
		if utf16.IsSurrogate(r) && len(v) >= 4 {
			r = utf16.DecodeRune(r, rune(order.Uint16(v[2:])))
			v = v[2:]
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// fill asks what the upper half of a set of one byte a character means.
func (cs *charsets) fill(c *charset) error {
	exprs := make([]string, 128)
	for i := range exprs {
		exprs[i] = fmt.Sprintf("HEX(CONVERT(CONVERT(x'%02x' USING %s) USING utf8mb4))", 128+i, c.name)
	}
	return cs.conn.with(cs.ctx, func(s *session) error {
		rows, err := s.query(cs.ctx, "SELECT "+strings.Join(exprs, ", "))
		if err != nil {
			return fmt.Errorf("ask for the characters of %s: %w", c.name, err)
		}
		c.single = new([256]string)
		for i, h := range rows[0] {
			text, err := hex.DecodeString(h)
			if err != nil {
				return err
			}
			c.single[128+i] = string(text)
		}
		return nil
	})
}

// convert lets the server turn one text into UTF-8.
func (cs *charsets) convert(name string, v []byte) (text []byte, err error) {
	err = cs.conn.with(cs.ctx, func(s *session) error {
		rows, err := s.query(cs.ctx, "SELECT HEX(CONVERT(CONVERT("+hexLiteral(string(v))+" USING "+name+") USING utf8mb4))")
		if err != nil {
			return fmt.Errorf("convert text of %s: %w", name, err)
		}
		text, err = hex.DecodeString(rows[0][0])
		return err
	})
	return text, err
}
