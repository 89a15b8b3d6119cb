package mysql

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/syncform/syncform/providers/schema"
)

func hash8(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:4])
}

// The lengths of text that stands in for what the servers have no type for.
const (
	timeTZLength   = 32
	intervalLength = 255
	maxVarchar     = 16383 // characters of utf8mb4 in 65,535 bytes
)

// declared is a type with what its text needs besides.
type declared struct {
	schema.Type
	charset, collation string
	note               string // what the type can't hold
	refused            string // why there is none at all
}

// declare gives the type here for a type of another system.
func (s *server) declare(t schema.Type, collation string) declared {
	native := func(text string, args ...any) declared {
		tokens := newTokens(fmt.Sprintf(text, args...))
		d := declared{Type: s.readType(tokens)}
		if tokens.err != nil {
			d.refused = "bug in syncform: " + tokens.err.Error()
		}
		if d.IsText() {
			d.charset, d.collation = "utf8mb4", s.binaryCollation()
			if t.Native == "citext" || t.Name.Name == "citext" || strings.EqualFold(collation, "nocase") {
				d.collation = s.foldingCollation()
			}
		}
		return d
	}
	unsigned := map[bool]string{true: " unsigned"}[t.Unsigned]
	switch t.Kind {
	case schema.Bool:
		return native("tinyint(1)")
	case schema.Int:
		name := map[int]string{8: "tinyint", 16: "smallint", 24: "mediumint", 32: "int"}[t.Bits]
		if name == "" {
			name = "bigint"
		}
		return native("%s%s", name, unsigned)
	case schema.Decimal:
		return s.declareDecimal(t, native)
	case schema.Float:
		if t.Bits == 32 {
			return native("float")
		}
		return native("double")
	case schema.Char:
		if t.Length > 0 && t.Length <= 255 {
			return native("char(%d)", t.Length)
		}
		return native("%s", varcharOf(t.Length))
	case schema.Varchar:
		return native("%s", varcharOf(t.Length))
	case schema.Binary:
		if t.Length > 0 && t.Length <= 255 {
			return native("binary(%d)", t.Length)
		}
		return native("%s", varbinaryOf(t.Length))
	case schema.Varbinary:
		return native("%s", varbinaryOf(t.Length))
	case schema.Blob:
		return native("longblob")
	case schema.Date:
		return native("date")
	case schema.Time:
		return native("time(%d)", min(t.FractionalDigits(6), 6))
	case schema.Timestamp, schema.TimestampTZ: // TIMESTAMP would end in 2038
		return native("datetime(%d)", min(t.FractionalDigits(6), 6))
	case schema.TimeTZ:
		return native("varchar(%d)", timeTZLength)
	case schema.Interval:
		return native("varchar(%d)", intervalLength)
	case schema.Year:
		return native("year")
	case schema.UUID:
		// MariaDB's own type refuses what is no UUID by RFC 4122, such as md5()::uuid.
		d := native("char(36)")
		d.charset, d.collation = "ascii", "ascii_bin"
		return d
	case schema.JSON, schema.JSONB:
		return native("json")
	case schema.EnumKind:
		if why := badLabels(t.Values, 65535, ""); why != "" {
			d := native("varchar(255)")
			d.note = why + ", so it is text here"
			return d
		}
		return native("enum(%s)", labelList(t.Values))
	case schema.Set:
		if why := badLabels(t.Values, 64, ","); why != "" {
			d := native("longtext")
			d.note = why + ", so it is text here"
			return d
		}
		return native("set(%s)", labelList(t.Values))
	case schema.Bit:
		if t.Length >= 1 && t.Length <= 64 {
			return native("bit(%d)", t.Length)
		}
		return native("%s", varcharOf(t.Length))
	case schema.VarBit:
		return native("%s", varcharOf(t.Length))
	case schema.Geometry:
		return native("geometry")
	}
	return native("longtext") // text, xml, arrays, and what only its own system has
}

func (s *server) declareDecimal(t schema.Type, native func(string, ...any) declared) declared {
	p, scale := t.Precision, t.Scale
	switch {
	case p == 0:
		d := native("decimal(65,30)")
		d.note = "the source sets no limit; here a number with more than 35 digits before the point or 30 after it is refused when it comes"
		return d
	case scale < 0: // PostgreSQL 15: rounded before the point
		p, scale = p-scale, 0
	case scale > p: // PostgreSQL 15: zeros behind the point
		p = scale
	}
	if p <= 65 && scale <= 30 {
		return native("decimal(%d,%d)", p, scale)
	}
	scale = min(scale, 30)
	d := native("decimal(65,%d)", scale)
	d.note = fmt.Sprintf("the server has at most 65 digits and 30 after the point; a number that does not fit decimal(65,%d) is refused when it comes", scale)
	return d
}

// varcharOf gives the narrowest type that holds n characters; 0 is any number.
func varcharOf(n int) string {
	switch {
	case n <= 0 || n > 4194303:
		return "longtext"
	case n > maxVarchar:
		return "mediumtext"
	}
	return "varchar(" + strconv.Itoa(n) + ")"
}

func varbinaryOf(n int) string {
	switch {
	case n <= 0 || n > 16777215:
		return "longblob"
	case n > 65000:
		return "mediumblob"
	}
	return "varbinary(" + strconv.Itoa(n) + ")"
}

// badLabels says why labels can't be those of an enum or set here, "" if they can.
func badLabels(labels []string, most int, without string) string {
	switch {
	case len(labels) == 0:
		return "the type has no labels"
	case len(labels) > most:
		return fmt.Sprintf("the type has more than %d labels", most)
	}
	for i, l := range labels {
		switch {
		case utf8.RuneCountInString(l) > 255:
			return fmt.Sprintf("the label %.20q... has more than 255 characters", l)
		case strings.HasSuffix(l, " "):
			return fmt.Sprintf("the label %q ends with a space", l)
		case without != "" && strings.Contains(l, without):
			return fmt.Sprintf("the label %q holds a comma", l)
		case slices.Contains(labels[:i], l):
			return fmt.Sprintf("the label %q is there twice", l)
		}
		for _, r := range l {
			if r == 0 || r > 0xffff {
				return fmt.Sprintf("the label %q holds a character that the server does not keep in labels", l)
			}
		}
	}
	return ""
}

// isLong reports whether the type is stored apart from the row and can stand in a
// key only by a prefix.
func isLong(t schema.Type) bool {
	return t.Kind == schema.Text || t.Kind == schema.Blob
}

// rowBytes is what a column counts of the row's 65,535 bytes.
func rowBytes(d declared) int {
	switch d.Kind {
	case schema.Char:
		return d.Length*charBytes(d.charset) + 1
	case schema.Varchar:
		return d.Length*charBytes(d.charset) + 2
	case schema.Binary, schema.Varbinary:
		return d.Length + 2
	case schema.Decimal:
		return d.Precision/2 + 4
	case schema.Text, schema.Blob, schema.JSON, schema.Geometry:
		return 12
	case schema.UUID, schema.Other:
		return 16
	}
	return 8
}

// keyBytes is what a column counts of a key's 3,072 bytes; 0 where it can't be part
// of one whole.
func keyBytes(d declared) int {
	switch {
	case isLong(d.Type), d.Kind == schema.JSON, d.Kind == schema.Geometry:
		return 0
	case d.Kind == schema.Decimal:
		return d.Precision/2 + 2
	}
	return rowBytes(d)
}

// charBytes is the most that a character takes.
func charBytes(charset string) int {
	switch charset {
	case "utf8mb4", "utf16", "utf16le", "utf32", "gb18030", "":
		return 4
	case "utf8mb3", "utf8", "ujis", "eucjpms":
		return 3
	case "gbk", "sjis", "cp932", "big5", "euckr", "gb2312", "ucs2":
		return 2
	}
	return 1
}
