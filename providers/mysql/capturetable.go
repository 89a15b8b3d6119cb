package mysql

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	binlog "github.com/go-mysql-org/go-mysql/mysql"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// followedTable is a table of the capture, with each shape that the log has had of it.
type followedTable struct {
	ask    providers.CaptureTable
	before bool // whole before-images are wanted
	shapes map[string]*logTable
	last   *row.Relation // of the latest table map
}

// logTable is a table as a table map of the log describes it.
type logTable struct {
	raw      []byte         // the table map, to know it again; nil in followedTable.shapes
	table    *followedTable // nil: not followed
	relation *row.Relation
	columns  []logColumn
	keys     []int // columns by which a row is known; where they change, Old is given
	until    int   // 1 + the column that says until when a row holds (see versioning)
	// refused says why rows of this shape can't be read.
	refused error
}

// The parts of a table map behind what is always there.
const (
	metaSignedness = 1 + iota
	metaDefaultCharset
	metaColumnCharset
	metaColumnName
	metaSetLabels
	metaEnumLabels
	metaGeometryType
	metaSimpleKey
	metaPrefixKey
	metaLabelDefaultCharset
	metaLabelCharset
	metaVisibility
)

// tableMap is a table map, parsed.
type tableMap struct {
	schema, name string
	types        []byte
	metas        []int
	names        [][]byte
	unsigned     []byte
	charsets     map[byte][]int // by part
	enums, sets  [][][]byte
	key          []int
	visible      []byte
}

func lengthEncoded(b []byte) (int, []byte) {
	n, _, size := binlog.LengthEncodedInt(b)
	return int(n), b[size:]
}

// tableMapNames reads which table a table map is of, without the rest.
func tableMapNames(body []byte) (database, table, rest []byte) {
	b := body[8:] // the table's number and flags
	n := int(b[0])
	database, b = b[1:1+n], b[2+n:]
	n = int(b[0])
	return database, b[1 : 1+n], b[2+n:]
}

func parseTableMap(body []byte) (m tableMap, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the log has a table map that can't be read")
		}
	}()
	database, table, b := tableMapNames(body)
	m.schema, m.name = string(database), string(table)
	n, b := lengthEncoded(b)
	m.types, b = slices.Clone(b[:n]), b[n:]
	size, b := lengthEncoded(b)
	meta := b[:size]
	b = b[size+(n+7)/8:] // and which columns can be NULL
	m.metas = make([]int, n)
	for i, t := range m.types {
		switch t {
		case binlog.MYSQL_TYPE_STRING, binlog.MYSQL_TYPE_NEWDECIMAL:
			m.metas[i], meta = int(binary.BigEndian.Uint16(meta)), meta[2:]
		case binlog.MYSQL_TYPE_VARCHAR, binlog.MYSQL_TYPE_VAR_STRING, typeVarcharCompressed, binlog.MYSQL_TYPE_BIT:
			m.metas[i], meta = int(binary.LittleEndian.Uint16(meta)), meta[2:]
		case binlog.MYSQL_TYPE_BLOB, binlog.MYSQL_TYPE_DOUBLE, binlog.MYSQL_TYPE_FLOAT, binlog.MYSQL_TYPE_GEOMETRY, binlog.MYSQL_TYPE_VECTOR, binlog.MYSQL_TYPE_JSON,
			typeBlobCompressed, binlog.MYSQL_TYPE_TIME2, binlog.MYSQL_TYPE_DATETIME2, binlog.MYSQL_TYPE_TIMESTAMP2:
			m.metas[i], meta = int(meta[0]), meta[1:]
		case typeTypedArray:
			return m, errors.New("the log has a column of a type that no table has")
		}
		if t == binlog.MYSQL_TYPE_STRING { // the upper byte is the real type, with bits of long lengths
			upper := byte(m.metas[i] >> 8)
			switch {
			case upper == binlog.MYSQL_TYPE_ENUM || upper == binlog.MYSQL_TYPE_SET:
				m.types[i], m.metas[i] = upper, m.metas[i]&0xff
			default:
				m.metas[i] = m.metas[i]&0xff | int(upper&0x30^0x30)<<4
			}
		}
	}
	m.charsets = map[byte][]int{}
	for len(b) > 0 {
		part := b[0]
		var size int
		size, b = lengthEncoded(b[1:])
		m.part(part, b[:size])
		b = b[size:]
	}
	return m, nil
}

func (m *tableMap) part(part byte, v []byte) {
	numbers := func() (all []int) {
		for len(v) > 0 {
			var n int
			n, v = lengthEncoded(v)
			all = append(all, n)
		}
		return all
	}
	switch part {
	case metaSignedness:
		m.unsigned = v
	case metaDefaultCharset, metaColumnCharset, metaLabelDefaultCharset, metaLabelCharset:
		m.charsets[part] = numbers()
	case metaColumnName:
		for len(v) > 0 {
			n := int(v[0])
			m.names, v = append(m.names, v[1:1+n]), v[1+n:]
		}
	case metaSetLabels, metaEnumLabels:
		var all [][][]byte
		for len(v) > 0 {
			var n, size int
			n, v = lengthEncoded(v)
			labels := make([][]byte, n)
			for i := range labels {
				size, v = lengthEncoded(v)
				labels[i], v = bytes.Clone(v[:size]), v[size:]
			}
			all = append(all, labels)
		}
		if part == metaSetLabels {
			m.sets = all
		} else {
			m.enums = all
		}
	case metaSimpleKey:
		m.key = numbers()
	case metaPrefixKey:
		for i, n := range numbers() {
			if i%2 == 0 {
				m.key = append(m.key, n)
			}
		}
	case metaVisibility:
		m.visible = v
	}
}

func (m *tableMap) numeric(i int) bool {
	switch m.types[i] {
	case binlog.MYSQL_TYPE_TINY, binlog.MYSQL_TYPE_SHORT, binlog.MYSQL_TYPE_INT24, binlog.MYSQL_TYPE_LONG, binlog.MYSQL_TYPE_LONGLONG,
		binlog.MYSQL_TYPE_NEWDECIMAL, binlog.MYSQL_TYPE_FLOAT, binlog.MYSQL_TYPE_DOUBLE, binlog.MYSQL_TYPE_YEAR:
		return true
	}
	return false
}

func (m *tableMap) labelled(i int) bool {
	return m.types[i] == binlog.MYSQL_TYPE_ENUM || m.types[i] == binlog.MYSQL_TYPE_SET
}

// textual is true for the columns that the log names a collation for.
func (m *tableMap) textual(i int, mariadb bool) bool {
	switch m.types[i] {
	case binlog.MYSQL_TYPE_STRING, binlog.MYSQL_TYPE_VAR_STRING, binlog.MYSQL_TYPE_VARCHAR, binlog.MYSQL_TYPE_BLOB, typeBlobCompressed, typeVarcharCompressed:
		return true
	case binlog.MYSQL_TYPE_GEOMETRY:
		return mariadb
	}
	return false
}

// collations gives the number of each column's collation, 0 where it has none.
func (m *tableMap) collations(mariadb bool) []int {
	all := make([]int, len(m.types))
	assign := func(byDefault, each []int, has func(int) bool) {
		at := 0
		for i := range all {
			if !has(i) {
				continue
			}
			switch {
			case len(byDefault) > 0:
				all[i] = byDefault[0]
				for j := 1; j+1 < len(byDefault); j += 2 {
					if byDefault[j] == at {
						all[i] = byDefault[j+1]
					}
				}
			case at < len(each):
				all[i] = each[at]
			}
			at++
		}
	}
	assign(m.charsets[metaDefaultCharset], m.charsets[metaColumnCharset], func(i int) bool { return m.textual(i, mariadb) })
	assign(m.charsets[metaLabelDefaultCharset], m.charsets[metaLabelCharset], m.labelled)
	return all
}

// shapeOf makes a table's description from its table map.
func (f *binlogReader) shapeOf(t *followedTable, body []byte) (*logTable, error) {
	m, err := parseTableMap(body)
	if err != nil {
		return nil, err
	}
	s := &logTable{table: t}
	if len(m.names) != len(m.types) {
		s.refused = &providers.GapError{Reason: fmt.Sprintf("the log has changes of table %s without the names of its columns: SET GLOBAL binlog_row_metadata = FULL at the source, then load the table anew", t.ask.Table.Name)}
		return s, nil
	}
	v, err := f.versioned(t, &m)
	if err != nil {
		return nil, err
	}
	s.until = v.end
	rel := &row.Relation{Name: t.ask.Table.Name}
	collations := m.collations(f.conn.server.mariadb())
	numeric, enum, set := 0, 0, 0
	for i := range m.types {
		c := logColumn{typ: m.types[i], meta: m.metas[i]}
		if m.numeric(i) {
			c.unsigned = numeric/8 < len(m.unsigned) && m.unsigned[numeric/8]&(0x80>>(numeric%8)) != 0
			numeric++
		}
		switch c.typ {
		case binlog.MYSQL_TYPE_ENUM:
			if enum < len(m.enums) {
				c.labels = m.enums[enum]
			}
			enum++
		case binlog.MYSQL_TYPE_SET:
			if set < len(m.sets) {
				c.labels = m.sets[set]
			}
			set++
		}
		name := string(m.names[i])
		invisible := i/8 < len(m.visible) && m.visible[i/8]&(0x80>>(i%8)) == 0
		c.hidden = invisible && name == "my_row_id" || strings.HasPrefix(name, "DB_ROW_HASH_") || i >= len(m.types)-v.hidden
		if err := f.describe(&c, name, collations[i], t, rel); err != nil {
			return nil, fmt.Errorf("table %s, column %q: %w", t.ask.Table.Name, name, err)
		}
		s.columns = append(s.columns, c)
		inKey := slices.Contains(t.ask.Table.Key, name)
		if len(t.ask.Table.Key) == 0 {
			inKey = slices.Contains(m.key, i)
		}
		if inKey && !c.hidden {
			s.keys = append(s.keys, i)
			rel.Columns[len(rel.Columns)-1].Key = true
		}
	}
	s.relation = rel
	return s, nil
}

// describe gives a column its type: the one that was asked for where the log does not
// contradict it, for the log knows less (a bool of tinyint(1), a JSON of longtext).
func (f *binlogReader) describe(c *logColumn, name string, collation int, t *followedTable, rel *row.Relation) error {
	charset := ""
	if collation != 0 {
		set, err := f.charsets.of(collation)
		if err != nil {
			return err
		}
		charset = f.charsets.names[collation]
		switch {
		case c.labels != nil && set != nil:
			for i, l := range c.labels {
				if c.labels[i], err = set.append(nil, l); err != nil {
					return err
				}
			}
		case c.labels == nil:
			c.charset = set
		}
	}
	if c.typ == binlog.MYSQL_TYPE_STRING && charset == "binary" {
		c.pad = c.meta
	}
	if c.hidden {
		return nil
	}
	logged := f.loggedType(c, charset)
	column := providers.ReadColumn{Name: name, Type: logged}
	for _, ask := range t.ask.Table.Columns {
		if ask.Name != name {
			continue
		}
		c.want = true
		if fitsLog(logged, ask.Type) {
			column = ask
		}
	}
	shape := fieldOf(column, false)
	c.shape, c.bits = shape.shape, shape.bits
	switch {
	case column.Type.Kind == schema.UUID:
		c.native, c.pad = nativeUUID, 16
	case strings.HasPrefix(column.Type.Native, "inet"):
		c.native, c.pad = nativeInet, map[string]int{"inet4": 4, "inet6": 16}[column.Type.Native]
	}
	as := column.As
	if as.Kind == "" {
		as = column.Type
	}
	rel.Columns = append(rel.Columns, row.RelationColumn{Name: name, Type: as})
	return nil
}

// loggedType is the type that a column has by the log alone.
func (f *binlogReader) loggedType(c *logColumn, charset string) schema.Type {
	s := f.conn.server
	is := func(name string, args ...int) schema.Type {
		texts := make([]string, len(args))
		for i, a := range args {
			texts[i] = strconv.Itoa(a)
		}
		return s.typeOf(name, texts, nil, c.unsigned, false, "")
	}
	text := charset != "binary"
	length := c.meta
	if w := f.charsets.widths[charset]; text && w > 0 {
		length /= w
	}
	digits := func(name string) schema.Type {
		if c.meta == 0 {
			return is(name)
		}
		return is(name, c.meta)
	}
	labels := func(name string) schema.Type {
		values := make([]string, len(c.labels))
		for i, l := range c.labels {
			values[i] = string(l)
		}
		return s.typeOf(name, nil, values, false, false, "")
	}
	switch c.typ {
	case binlog.MYSQL_TYPE_TINY:
		return is("tinyint")
	case binlog.MYSQL_TYPE_SHORT:
		return is("smallint")
	case binlog.MYSQL_TYPE_INT24:
		return is("mediumint")
	case binlog.MYSQL_TYPE_LONG:
		return is("int")
	case binlog.MYSQL_TYPE_LONGLONG:
		return is("bigint")
	case binlog.MYSQL_TYPE_FLOAT:
		return is("float")
	case binlog.MYSQL_TYPE_DOUBLE:
		return is("double")
	case binlog.MYSQL_TYPE_NEWDECIMAL:
		return is("decimal", c.meta>>8, c.meta&0xff)
	case binlog.MYSQL_TYPE_BIT:
		return is("bit", c.bitCount())
	case binlog.MYSQL_TYPE_YEAR:
		return is("year")
	case binlog.MYSQL_TYPE_DATE, binlog.MYSQL_TYPE_NEWDATE:
		return is("date")
	case binlog.MYSQL_TYPE_TIME, binlog.MYSQL_TYPE_TIME2:
		return digits("time")
	case binlog.MYSQL_TYPE_DATETIME, binlog.MYSQL_TYPE_DATETIME2:
		return digits("datetime")
	case binlog.MYSQL_TYPE_TIMESTAMP, binlog.MYSQL_TYPE_TIMESTAMP2:
		return digits("timestamp")
	case binlog.MYSQL_TYPE_ENUM:
		return labels("enum")
	case binlog.MYSQL_TYPE_SET:
		return labels("set")
	case binlog.MYSQL_TYPE_JSON:
		return is("json")
	case binlog.MYSQL_TYPE_VECTOR:
		return is("vector")
	case binlog.MYSQL_TYPE_GEOMETRY:
		return is("geometry")
	case binlog.MYSQL_TYPE_BLOB, typeBlobCompressed:
		name := []string{"", "tiny", "", "medium", "long"}[c.meta]
		return is(name + map[bool]string{true: "text", false: "blob"}[text])
	case binlog.MYSQL_TYPE_STRING:
		return is(map[bool]string{true: "char", false: "binary"}[text], length)
	}
	return is(map[bool]string{true: "varchar", false: "varbinary"}[text], length)
}

// fitsLog reports whether a column that the log describes as logged may be of type asked.
func fitsLog(logged, asked schema.Type) bool {
	switch asked.Kind {
	case schema.Bool:
		return logged.Kind == schema.Int && logged.Bits == 8 && !logged.Unsigned
	case schema.Int:
		return logged.Kind == schema.Int && logged.Bits == asked.Bits && logged.Unsigned == asked.Unsigned
	case schema.Decimal:
		return logged.Kind == asked.Kind && logged.Precision == asked.Precision && logged.Scale == asked.Scale && logged.Unsigned == asked.Unsigned
	case schema.Float:
		return logged.Kind == asked.Kind && logged.Bits == asked.Bits && logged.Unsigned == asked.Unsigned
	case schema.Time, schema.Timestamp, schema.TimestampTZ:
		return logged.Kind == asked.Kind && logged.FractionalDigits(0) == asked.FractionalDigits(0)
	case schema.EnumKind, schema.Set:
		return logged.Kind == asked.Kind && slices.Equal(logged.Values, asked.Values)
	case schema.Char, schema.Varchar, schema.Binary, schema.Varbinary:
		return logged.Kind == asked.Kind && logged.Length == asked.Length
	case schema.Bit:
		return logged.Kind == asked.Kind && max(logged.Length, 1) == max(asked.Length, 1)
	case schema.Text, schema.Blob:
		base, _, _ := strings.Cut(asked.Native, " ")
		if strings.HasPrefix(base, "vector") {
			return logged.Native == "vector"
		}
		return logged.Kind == asked.Kind && (base == "" || logged.Native == base)
	case schema.JSON:
		return logged.Kind == schema.JSON || logged.Native == "longtext"
	case schema.UUID:
		return logged.Kind == schema.Binary && logged.Length == 16
	case schema.Other:
		return logged.Kind == schema.Binary || logged.Kind == schema.Text
	}
	return logged.Kind == asked.Kind
}
