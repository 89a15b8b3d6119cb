package planner

import "github.com/syncform/syncform/providers/schema"

// A chunk is about this big where the user does not say: small enough that a restart
// repeats little, big enough that its own cost does not count.
const (
	chunkBytes   = 32 << 20
	chunkRows    = 100_000
	chunkMinRows = 100
	// guessRows is a chunk's size where the server knows nothing of a table's rows.
	guessRows = 20_000
)

// batchSize gives the rows of a chunk: what the sync says, else by the size of a row.
func batchSize(said int64, t *schema.Table) int64 {
	switch {
	case said > 0:
		return said
	case t.Rows <= 0 || t.Bytes <= 0:
		return guessRows
	}
	row := max(1, t.Bytes/t.Rows)
	return min(chunkRows, max(chunkMinRows, chunkBytes/row))
}

// chunks estimates how many a table is cut into; -1 where its rows are not known.
func chunks(rows, batch int64) int64 {
	if rows < 0 {
		return -1
	}
	return max(1, (rows+batch-1)/batch)
}
