package postgres

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

const (
	// exactChunking is up to how many rows all keys are looked at to find the bounds;
	// past it a sample is.
	exactChunking = 1_000_000
	// samplesPerChunk keys of a sample stand for one chunk.
	samplesPerChunk = 200
	// maxChunks keeps the ledger small.
	maxChunks = 20_000
)

// Chunks cuts a table by its key. It needs a btree index that begins with the key's
// columns, none of them nullable; any other table is one chunk.
func (sn *snapshot) Chunks(ctx context.Context, t providers.ReadTable, rows int64) ([]providers.Chunk, error) {
	r, err := sn.take(ctx)
	if err != nil {
		return nil, err
	}
	defer sn.give(r)
	chunks, err := cut(ctx, r.session, t, rows)
	if err != nil {
		r.broken = true // its transaction is
		return nil, fmt.Errorf("cut table %s into chunks: %w", t.Name, err)
	}
	return chunks, nil
}

func cut(ctx context.Context, s *session, t providers.ReadTable, rows int64) ([]providers.Chunk, error) {
	total, indexed, err := sizeAndIndex(ctx, s, t)
	if err != nil {
		return nil, err
	}
	one := []providers.Chunk{{Rows: total}}
	if rows <= 0 || !indexed || total <= rows+rows/2 || !comparable(t) {
		return one, nil
	}
	rows = max(rows, total/maxChunks)
	if len(t.Key) == 1 {
		if typ := columnType(t, t.Key[0]); typ.Kind == schema.Int && !typ.Domain {
			b, ok, err := integerBounds(ctx, s, t, total, rows)
			if err != nil || ok {
				return chunksOf(b, total), err
			}
		}
	}
	b, err := orderedBounds(ctx, s, t, total, rows)
	if err != nil {
		return nil, err
	}
	return chunksOf(b, total), nil
}

// comparable reports whether the key's columns are read and their order does not hang
// on the search path: the operators of an extension's type may not be found.
func comparable(t providers.ReadTable) bool {
	for _, k := range t.Key {
		typ := columnType(t, k)
		if typ.Kind == "" || typ.Name.Name != "" && typ.Kind != schema.EnumKind && !typ.Domain {
			return false
		}
	}
	return true
}

func columnType(t providers.ReadTable, name string) schema.Type {
	for _, c := range t.Columns {
		if c.Name == name {
			return c.Type
		}
	}
	return schema.Type{}
}

// chunksOf makes the chunks between bounds, the first open below, the last above.
func chunksOf(b [][]string, total int64) []providers.Chunk {
	chunks := make([]providers.Chunk, len(b)+1)
	for i := range chunks {
		var c bounds
		if i > 0 {
			c.From = b[i-1]
		}
		if i < len(b) {
			c.To = b[i]
		}
		chunks[i] = providers.Chunk{ID: i, Bounds: c.String(), Rows: total / int64(len(chunks))}
	}
	return chunks
}

// sizeAndIndex estimates the rows, and says whether an index serves the key.
func sizeAndIndex(ctx context.Context, s *session, t providers.ReadTable) (total int64, indexed bool, err error) {
	table := literal(quoteName(t.Name)) + "::pg_catalog.regclass"
	size, err := s.queryRow(ctx, `WITH RECURSIVE parts AS (
 SELECT oid FROM pg_catalog.pg_class WHERE oid = `+table+` UNION ALL
 SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN parts p ON p.oid = i.inhparent WHERE NOT `+strconv.FormatBool(t.Only)+`)
 SELECT coalesce(sum(CASE WHEN c.relpages > 0 AND c.reltuples >= 0 THEN c.reltuples / c.relpages ELSE 60 END * (pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int)), 0)::bigint
 FROM parts JOIN pg_catalog.pg_class c USING (oid) WHERE c.relkind IN ('r', 'm')`)
	if err != nil {
		return 0, false, classify(err)
	}
	total, err = strconv.ParseInt(size[0], 10, 64)
	if err != nil || len(t.Key) == 0 {
		return total, false, err
	}
	names := make([]string, len(t.Key))
	for i, k := range t.Key {
		names[i] = literal(k)
	}
	found, err := s.queryRow(ctx, `WITH key AS (SELECT n.name, n.ord, a.attnum, a.attnotnull FROM unnest(ARRAY[`+strings.Join(names, ", ")+`]::text[]) WITH ORDINALITY n(name, ord)
 JOIN pg_catalog.pg_attribute a ON a.attrelid = `+table+` AND a.attname = n.name AND NOT a.attisdropped)
 SELECT (SELECT count(*) = `+strconv.Itoa(len(t.Key))+` AND bool_and(attnotnull) FROM key) AND EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_am am ON am.oid = c.relam
 WHERE i.indrelid = `+table+` AND am.amname = 'btree' AND i.indisvalid AND i.indpred IS NULL AND NOT EXISTS (SELECT FROM key WHERE i.indkey[key.ord::int - 1] IS DISTINCT FROM key.attnum))`)
	if err != nil {
		return 0, false, classify(err)
	}
	return total, found[0] == "t", nil
}

// integerBounds cuts the range between the least and the greatest key evenly, where
// the keys are dense enough for that; ok is false where they are not.
func integerBounds(ctx context.Context, s *session, t providers.ReadTable, total, rows int64) (b [][]string, ok bool, err error) {
	k := quote(t.Key[0])
	ends, err := s.queryRow(ctx, "SELECT min("+k+"), max("+k+") FROM "+tableRef(t.Name, t.Only))
	if err != nil {
		return nil, false, classify(err)
	}
	if ends[0] == "" {
		return nil, true, nil
	}
	low, err1 := strconv.ParseInt(ends[0], 10, 64)
	high, err2 := strconv.ParseInt(ends[1], 10, 64)
	if err1 != nil || err2 != nil {
		return nil, false, fmt.Errorf("bug in syncform: integers %q and %q", ends[0], ends[1])
	}
	span := uint64(high) - uint64(low) // two's complement: right also where it passes int64
	if float64(total) < float64(span)/4 {
		return nil, false, nil
	}
	n := uint64(math.Ceil(float64(total) / float64(rows)))
	step := span/n + 1
	for at := uint64(low) + step; at-uint64(low) <= span; at += step {
		b = append(b, []string{strconv.FormatInt(int64(at), 10)})
		if span-(at-uint64(low)) < step {
			break
		}
	}
	return b, true, nil
}

// orderedBounds takes every rows-th key in the server's order, of all keys or of a sample.
func orderedBounds(ctx context.Context, s *session, t providers.ReadTable, total, rows int64) ([][]string, error) {
	keys := quoteAll(t.Key)
	from, every := tableRef(t.Name, t.Only), rows
	if total > exactChunking {
		chunks := total/rows + 1
		percent := 100 * float64(chunks*samplesPerChunk) / float64(total)
		if percent < 50 {
			from += " TABLESAMPLE SYSTEM (" + strconv.FormatFloat(percent, 'f', 6, 64) + ")"
			every = samplesPerChunk
		}
	}
	columns := make([]string, len(t.Key))
	for i, k := range t.Key {
		columns[i] = quote(k) + "::text"
	}
	got, err := s.query(ctx, fmt.Sprintf("SELECT %s FROM (SELECT %s, pg_catalog.row_number() OVER (ORDER BY %s) AS \"row number of syncform\" FROM %s) s WHERE \"row number of syncform\" %% %d = 0 ORDER BY \"row number of syncform\"",
		strings.Join(columns, ", "), keys, keys, from, every))
	if err != nil {
		return nil, classify(err)
	}
	return got, nil
}
