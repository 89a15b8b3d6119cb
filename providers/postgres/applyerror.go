package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/syncform/syncform/providers"
)

// refused says what an error of the server means for the row that it was about.
func (k *applyTable) refused(c *call, pg *pgconn.PgError, out []byte) error {
	table := k.Name
	switch pg.Code {
	case "23505", "23503", "23P01":
		own := k.keyIndexes[pg.ConstraintName]
		return &providers.ConflictError{Table: table, Constraint: pg.ConstraintName, Unique: pg.Code == "23505" && !own, Key: pg.Code == "23505" && own, Err: serverError(pg)}
	case "23514":
		if pg.ConstraintName != "" && pg.DataTypeName == "" {
			return &providers.ConflictError{Table: table, Constraint: pg.ConstraintName, Err: serverError(pg)}
		}
	}
	if !isBadValue(pg.Code) {
		return fmt.Errorf("write table %s: %w", table, classify(pg))
	}
	bad := &providers.BadRowError{Table: table, Column: pg.ColumnName, Reason: badReason(pg), Err: serverError(pg), Key: k.keyOf(c, out)}
	if c.copies != "" {
		if _, column := copyContext(pg.Where, c.copies, k.load); column != "" {
			bad.Column = column
		}
	}
	if bad.Column == "" && pg.ConstraintName == "" {
		bad.Column = k.badColumn(c, out)
	}
	if pg.ConstraintName != "" {
		bad.Reason += fmt.Sprintf(" (constraint %q)", pg.ConstraintName)
	}
	return bad
}

// keyOf names the row whose parameters were sent.
func (k *applyTable) keyOf(c *call, out []byte) string {
	if c.bind == 0 {
		return ""
	}
	var parts []string
	for i, at := range c.keyAt {
		v, ok := parameter(out[c.bind:], at)
		if !ok {
			return ""
		}
		text := "NULL"
		if v != nil {
			text = string(v)
		}
		parts = append(parts, k.load.Key[i]+"="+text)
	}
	return strings.Join(parts, ", ")
}

// badColumn finds the column of a value that was refused as a parameter, of which the
// server does not say it: it is copied into a temporary table of another session, for a
// COPY's errors do. "" where that tells nothing.
func (k *applyTable) badColumn(c *call, out []byte) string {
	if c.bind == 0 || !k.canTemp {
		return ""
	}
	var line []byte
	var names []string
	for i, at := range c.params {
		v, ok := parameter(out[c.bind:], i)
		if !ok {
			return ""
		}
		if slices.Contains(names, k.Columns[at].Name) {
			continue
		}
		if names = append(names, k.Columns[at].Name); i > 0 {
			line = append(line, '\t')
		}
		if v == nil {
			line = append(line, '\\', 'N')
		} else if line, ok = escape(line, v); !ok {
			return ""
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), badColumnPatience)
	defer cancel()
	s, err := k.conn.acquire(ctx)
	if err != nil {
		return ""
	}
	defer s.close()
	list := quoteAll(names)
	if err := s.exec(ctx, "SET lock_timeout = '1s'; CREATE TEMPORARY TABLE _sync_bad AS SELECT "+list+" FROM "+k.ref+" WITH NO DATA"); err != nil {
		return ""
	}
	to, err := s.copyIn(ctx, "COPY pg_temp._sync_bad ("+list+") FROM STDIN")
	if err != nil {
		return ""
	}
	to.data(append(line, '\n'))
	_, err = to.end(ctx)
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return ""
	}
	_, column := copyContext(pg.Where, "_sync_bad", k.load)
	return column
}

// badColumnPatience is how long looking for a column's name may take.
const badColumnPatience = 5 * time.Second
