package providertest

import (
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/syncform/syncform/providers"
)

// keyCase is a table with a kind of key. value gives the SQL of row i's key columns
// and a string that tells rows apart; it is defined for i from -5 to below 1,000,000.
type keyCase struct {
	name    string
	columns []string // words
	key     []string // column names among a, b
	value   func(e *endpoint, i int) []string
}

// textKeys begins keys with what collations order differently, and clients quote.
var textKeys = []string{"a", "B", "b", "A", "ä", "_", "Z", "~", "1", " ", "'", `"`, `\`, "ß", "é", "한", "-", "%", "\t", "😀"}

var keyCases = []keyCase{
	{"int", []string{"int"}, []string{"a"}, func(e *endpoint, i int) []string { return []string{fmt.Sprint(i)} }},
	{"sparse", []string{"bigint"}, []string{"a"}, func(e *endpoint, i int) []string {
		return []string{fmt.Sprint(int64(i) * int64(i) * int64(i) * 1009)}
	}},
	{"composite", []string{"int", "text"}, []string{"a", "b"}, func(e *endpoint, i int) []string {
		return []string{fmt.Sprint((i + 5) % 3), e.literal(fmt.Sprintf("%s%d", textKeys[(i+5)%len(textKeys)], i))}
	}},
	{"composite, other order", []string{"int", "bigint"}, []string{"b", "a"}, func(e *endpoint, i int) []string {
		return []string{fmt.Sprint(i), fmt.Sprint((i+5)/700 - 2)}
	}},
	{"text", []string{"text"}, []string{"a"}, func(e *endpoint, i int) []string {
		return []string{e.literal(fmt.Sprintf("%s%d", textKeys[(i+5)%len(textKeys)], i))}
	}},
	{"uuid", []string{"uuid"}, []string{"a"}, func(e *endpoint, i int) []string {
		h := hex.EncodeToString(fmt.Appendf(nil, "%08x%08x", uint32(i)*2654435761, uint32(i)))
		return []string{e.literal(strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:32]}, "-"))}
	}},
	{"timestamp", []string{"timestamp"}, []string{"a"}, func(e *endpoint, i int) []string {
		return []string{e.literal(fmt.Sprintf("20%02d-%02d-%02d 12:00:%02d.%06d", (i+5)%50+10, (i+5)%12+1, (i+5)%28+1, (i+5)%60, i+5))}
	}},
	{"binary", []string{"binary"}, []string{"a"}, func(e *endpoint, i int) []string {
		return []string{e.bytes(string([]byte{byte(i * 37), 0, byte(i >> 8), byte(i), byte(i >> 16)}))}
	}},
	{"no key", []string{"int", "text"}, nil, func(e *endpoint, i int) []string {
		return []string{fmt.Sprint(i), e.literal("x")}
	}},
}

const chunkTestRows, chunkTestSize = 2500, 300

// testChunks: the chunks of a table hold every row once, whatever its key, also when
// they were made before some of the rows.
func testChunks(t *testing.T, s Suite) {
	e := s.open(t)
	for i, c := range keyCases {
		t.Run(c.name, func(t *testing.T) { testChunksOf(t, e, fmt.Sprintf("t%d", i), c) })
	}
	t.Run("empty", func(t *testing.T) {
		table := e.createPlain(t, "empty", "v", "text")
		r := readOf(loadOf(table, nil))
		if rows := e.read(t, r); len(rows) != 0 {
			t.Errorf("an empty table has %d rows", len(rows))
		}
		sn := e.snapshot(t, providers.SnapshotOptions{Readers: 1})
		defer closing(t, sn)
		if chunks := chunksOf(t, sn, r, chunkTestSize); len(chunks) == 0 {
			t.Error("an empty table has no chunk, so rows that come later would be in none")
		}
	})
}

func testChunksOf(t *testing.T, e *endpoint, name string, c keyCase) {
	ddl := "CREATE TABLE " + name + " ("
	for i, word := range c.columns {
		ddl += string(rune('a'+i)) + " " + words[word][e.db.System] + " NOT NULL, "
	}
	ddl += "n " + words["int"][e.db.System] + " NOT NULL"
	if c.key != nil {
		ddl += ", PRIMARY KEY (" + strings.Join(c.key, ", ") + ")"
	}
	e.exec(t, ddl+")")
	rowsFrom := func(from, to int) [][]string {
		var rows [][]string
		for i := from; i < to; i++ {
			rows = append(rows, append(c.value(e, i), fmt.Sprint(i)))
		}
		return rows
	}
	e.insert(t, name, rowsFrom(0, chunkTestRows))

	r := readOf(loadOf(e.table(t, name), nil))
	sn := e.snapshot(t, providers.SnapshotOptions{Readers: 3})
	chunks := chunksOf(t, sn, r, chunkTestSize)
	everyRowOnce(t, sn, r, chunks, 0, chunkTestRows, c.key != nil)
	closing(t, sn)

	e.insert(t, name, rowsFrom(-5, 0))
	e.insert(t, name, rowsFrom(500_000, 500_100))
	later := e.snapshot(t, providers.SnapshotOptions{Readers: 3})
	everyRowOnce(t, later, r, chunks, -5, 500_100, false)
	closing(t, later)
}

// chunksOf cuts a table and checks the numbers of the pieces.
func chunksOf(t *testing.T, sn providers.Snapshot, r providers.ReadTable, size int64) []providers.Chunk {
	t.Helper()
	chunks, err := sn.Chunks(limited(t), r, size)
	if err != nil {
		t.Fatalf("chunks of %s: %v", r.Name, err)
	}
	for i, c := range chunks {
		if c.ID != i {
			t.Errorf("chunk %d is numbered %d", i, c.ID)
		}
	}
	return chunks
}

// everyRowOnce reads the chunks by several goroutines; the last column numbers the rows.
func everyRowOnce(t *testing.T, sn providers.Snapshot, r providers.ReadTable, chunks []providers.Chunk, from, to int, cut bool) {
	t.Helper()
	parts := make([][][]field, len(chunks))
	errs := make([]error, len(chunks))
	ctx := limited(t)
	var wg sync.WaitGroup
	next := make(chan int, len(chunks))
	for i := range chunks {
		next <- i
	}
	close(next)
	for range 5 { // more than there are readers: the rest wait
		wg.Go(func() {
			for i := range next {
				parts[i], errs[i] = readChunk(ctx, sn, r, chunks[i])
			}
		})
	}
	wg.Wait()
	seen := map[string]int{}
	largest, total := 0, 0
	for i, part := range parts {
		if errs[i] != nil {
			t.Fatalf("read chunk %d of %d: %v", i, len(chunks), errs[i])
		}
		largest, total = max(largest, len(part)), total+len(part)
		for _, row := range part {
			seen[*row[len(row)-1]]++
		}
	}
	want := 0
	for i := from; i < to; i++ {
		if i >= chunkTestRows && i < 500_000 {
			continue
		}
		want++
		if n := seen[fmt.Sprint(i)]; n != 1 {
			t.Errorf("row %d is in %d chunks", i, n)
		}
	}
	if total != want {
		t.Errorf("%d rows, want %d", total, want)
	}
	if cut && (len(chunks) < 3 || largest > 3*chunkTestSize) {
		t.Errorf("%d rows were cut into %d chunks of up to %d rows, and %d was asked for", total, len(chunks), largest, chunkTestSize)
	}
}

// testSnapshot: a consistent snapshot shows one moment over all tables and readers.
func testSnapshot(t *testing.T, s Suite) {
	e := s.open(t)
	if system(e.url) == "sqlite" {
		e.exec(t, "PRAGMA journal_mode = WAL") // else a reader keeps every writer out
	}
	a, b := e.createPlain(t, "a", "v", "text"), e.createPlain(t, "b", "v", "text")
	e.insert(t, "a", [][]string{{"1", "'x'"}, {"2", "'y'"}})
	e.insert(t, "b", [][]string{{"1", "'x'"}})
	ra, rb := readOf(loadOf(a, nil)), readOf(loadOf(b, nil))

	sn := e.snapshot(t, providers.SnapshotOptions{Readers: 2, Consistent: true})
	defer closing(t, sn)
	counted := func(what string, r providers.ReadTable, want int) {
		t.Helper()
		n := 0
		for _, c := range chunksOf(t, sn, r, 1) {
			rows, err := readChunk(limited(t), sn, r, c)
			if err != nil {
				t.Fatal(err)
			}
			n += len(rows)
		}
		if n != want {
			t.Errorf("%s: %d rows, want %d", what, n, want)
		}
	}
	counted("a before", ra, 2)
	e.insert(t, "a", [][]string{{"3", "'z'"}})
	e.insert(t, "b", [][]string{{"2", "'z'"}})
	e.exec(t, "UPDATE a SET v = 'changed'", "DELETE FROM a WHERE id = 1")
	counted("a after other commits", ra, 2)
	counted("b after other commits", rb, 1)
	if rows := e.read(t, ra); len(rows) != 2 || *rows[0][1] != "changed" {
		t.Errorf("a new snapshot does not show what was committed: %d rows", len(rows))
	}
}
