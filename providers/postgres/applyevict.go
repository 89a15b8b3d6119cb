package postgres

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// uniqueIndex is one that stands beside the key.
type uniqueIndex struct {
	expressions []string // its columns and expressions, as the server writes them
	where       string

	nulls bool // NULLs are equal
}

// Evict deletes rows of other keys that hold a unique value of rows.
func (tx *applyTx) Evict(ctx context.Context, t *providers.ApplyTable, rows *row.Batch) (*row.Batch, error) {
	k, err := tx.table(ctx, t)
	if err != nil {
		return nil, err
	}
	got := row.NewBatch(len(k.Key))
	if !k.canTemp {
		return nil, &privilegeError{"GRANT TEMPORARY ON DATABASE " + quoteIfNeeded(tx.conn.database) + " TO the role", errTemporary}
	}
	indexes, err := tx.uniqueIndexes(ctx, k)
	if err != nil || len(indexes) == 0 || rows.Rows == 0 {
		return got, err
	}
	if err := tx.copyRows(ctx, k, rows); err != nil {
		return nil, err
	}
	var keys []string
	for _, name := range k.load.Key {
		keys = append(keys, "t."+quote(name))
	}
	take := func(body []byte) error {
		return dataRow(body, len(k.Key), func(i int, v []byte) error {
			decode := k.decoders[k.Key[i]]
			switch {
			case v == nil:
				got.AppendNull()
				return nil
			case decode == nil:
				got.Append(v)
				return nil
			}
			var err error
			got.Data, err = decode(got.Data, v)
			got.EndField(row.Value)
			return err
		}, got.EndRow)
	}
	for _, x := range indexes {
		var list, on []string
		for i, e := range x.expressions {
			name := "e" + strconv.Itoa(i)
			list = append(list, e+" AS "+name)
			if x.nulls {
				on = append(on, "x."+name+" IS NOT DISTINCT FROM s."+name)
			} else {
				on = append(on, "x."+name+" = s."+name)
			}
		}
		where := ""
		if x.where != "" {
			where = " WHERE " + x.where
		}
		columns := strings.Join(list, ", ")
		tx.pipe.exec("DELETE FROM "+k.ref+" t USING (SELECT "+quoteAll(k.load.Key)+", "+columns+" FROM "+k.rows.name+where+") s, (SELECT tableoid, ctid, "+columns+" FROM "+k.ref+where+") x"+
			" WHERE t.tableoid = x.tableoid AND t.ctid = x.ctid AND "+strings.Join(on, " AND ")+" AND NOT ("+k.joins("t", "s")+") RETURNING "+strings.Join(keys, ", "), call{on: k, rows: take})
	}
	return got, tx.pipe.sync(ctx)
}

// uniqueIndexes looks for those whose columns are all among the rows'.
func (tx *applyTx) uniqueIndexes(ctx context.Context, k *applyTable) (all []uniqueIndex, err error) {
	nulls := "false"
	if tx.conn.version >= 150000 {
		nulls = "i.indnullsnotdistinct"
	}
	got, err := tx.query(ctx, `SELECT c.relname, `+nulls+`, coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), ''),
 (SELECT pg_catalog.string_agg(pg_catalog.pg_get_indexdef(i.indexrelid, n, false), '`+listSep+`' ORDER BY n) FROM pg_catalog.generate_series(1, i.indnkeyatts) n),
 coalesce((SELECT pg_catalog.string_agg(a.attname, '`+listSep+`') FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid IN (i.indexrelid) AND d.refobjid = i.indrelid AND d.refobjsubid > 0), '')
 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = `+literal(quoteName(k.Name))+`::pg_catalog.regclass AND i.indisunique AND i.indisvalid ORDER BY 1`)
	if err != nil {
		return nil, err
	}
	for _, r := range got {
		x := uniqueIndex{nulls: r[1] == "t", where: r[2], expressions: strings.Split(r[3], listSep)}
		known := !slices.ContainsFunc(strings.Split(r[4], listSep), func(column string) bool {
			return column != "" && !slices.ContainsFunc(k.Columns, func(c providers.WriteColumn) bool { return c.Name == column })
		})
		if !k.keyIndexes[r[0]] && known {
			all = append(all, x)
		}
	}
	return all, nil
}

// Truncate empties tables. One that tables outside of the list refer to can't be
// truncated: its rows are deleted.
func (tx *applyTx) Truncate(ctx context.Context, tables []*providers.ApplyTable) error {
	var refs []string
	for _, t := range tables {
		k, err := tx.table(ctx, t)
		if err != nil {
			return err
		}
		if !slices.Contains(refs, k.ref) {
			refs = append(refs, k.ref)
		}
	}
	if len(refs) == 0 {
		return nil
	}
	const mark = "syncform_truncate"
	if _, err := tx.query(ctx, "SAVEPOINT "+mark); err != nil {
		return err
	}
	_, err := tx.query(ctx, "TRUNCATE "+strings.Join(refs, ", "))
	if err != nil && isCode(err, "0A000") {
		tx.pipe.failed = nil
		if _, err = tx.query(ctx, "ROLLBACK TO SAVEPOINT "+mark); err != nil {
			return err
		}
		for _, ref := range refs {
			tx.pipe.exec("DELETE FROM "+ref, call{})
		}
	}
	if err != nil {
		return err
	}
	tx.pipe.exec("RELEASE SAVEPOINT "+mark, call{})
	return tx.settle(ctx)
}

// privilegeError is a missing privilege and its remedy.
type privilegeError struct {
	fix string
	err error
}

func (e *privilegeError) Error() string { return e.err.Error() + ": " + e.fix }

func (e *privilegeError) Unwrap() []error { return []error{e.err, providers.ErrPrivilege} }

var errTemporary = errors.New("the role may not make temporary tables")
