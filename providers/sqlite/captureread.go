package sqlite

import (
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
)

// keyReader reads rows by key, as canonical text.
type keyReader struct {
	rowReader
}

// newKeyReader prepares the statement. Each column of the key is a parameter ?1, ?2, ...
func newKeyReader(db *sqlite.Conn, t providers.ReadTable, facts *readFacts) (*keyReader, error) {
	r := &keyReader{rowReader{table: t}}
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = ident(c.Name)
		r.columns = append(r.columns, newReadColumn(c))
	}
	r.keys(facts, &columns)
	if len(columns) == 0 {
		columns = []string{"NULL"}
	}
	var cond []string
	for i, k := range t.Key {
		p := "?" + number(i+1)
		is := " = "
		if facts.nullable[k] {
			is = " IS "
		}
		cond = append(cond, ident(k)+is+p)
		if facts.collated[k] { // letters that it takes for the same are another key
			cond = append(cond, "("+ident(k)+" COLLATE BINARY) IS "+p)
		}
	}
	var err error
	r.stmt, _, err = db.PrepareTransient("SELECT " + strings.Join(columns, ", ") + " FROM " + ident(t.Name.Name) + " WHERE " + strings.Join(cond, " AND "))
	return r, err
}

func (r *keyReader) close(err *error) {
	if ferr := r.stmt.Finalize(); *err == nil {
		*err = ferr
	}
}
