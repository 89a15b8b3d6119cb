package row

// Position is a place in a source's history: a snapshot's, or a log's. It is
// opaque to all but the provider that made it, which also compares and proves
// continuity; everybody else stores it and hands it back.
type Position string
