package row

import (
	"context"
	"sync"
	"time"
)

// Where a Collector cuts a transaction into parts. At half of that it closes a batch of
// whole transactions, if its taker has not come before.
const (
	CollectBytes   = 8 << 20
	CollectChanges = 50_000
)

// Collector stands between a source's stream and whoever applies it. The provider adds
// changes and commits; the other side takes batches of whole transactions: what is
// there when it comes, so that a batch is small where the source pauses and large where
// applying lags behind. A transaction larger than a batch is given out in parts.
//
// One goroutine fills (Changes, Added, Commit, Progress, Fail), one takes (Take, Recycle,
// Ack); Acked may be called from any.
type Collector struct {
	position func() Position
	bytes    int
	changes  int

	mu      sync.Mutex
	cond    chan struct{} // closed and made anew at each change of what either side waits for
	fill    *Changes      // touched by the filling goroutine without mu while whole is false
	whole   bool          // fill holds whole transactions only
	end     mark          // of the last whole transaction in fill
	open    bool          // a batch that ends within a transaction was handed over, and the rest is not committed yet
	waiting bool          // the taker waits for a batch
	brisk   bool          // the last batch taken held many transactions
	full    *Changes      // handed over, not taken yet
	spare   []*Changes
	err     error
	acked   Position
}

// NewCollector makes a collector. position gives the place to go on after the last
// Commit or Progress; it is called between calls of the filling side, so what it reads
// may change only inside the advance functions of Commit and Progress.
func NewCollector(position func() Position) *Collector {
	return &Collector{position: position, bytes: CollectBytes, changes: CollectChanges, cond: make(chan struct{}), fill: &Changes{}, whole: true}
}

// Limit sets other limits than CollectBytes and CollectChanges. It is called before
// anything is added.
func (c *Collector) Limit(bytes, changes int) { c.bytes, c.changes = bytes, changes }

// mark is a place in a batch.
type mark struct{ list, data, ends int }

func markOf(b *Changes) mark { return mark{len(b.List), len(b.Data), len(b.Ends)} }

// fieldBytes is what a field takes besides its bytes: many fields are NULL or Unchanged.
const fieldBytes = 5

func (c *Collector) isFull(b *Changes, parts int) bool {
	return parts*(len(b.Data)+fieldBytes*len(b.Ends)) >= c.bytes || parts*len(b.List) >= c.changes
}

func (c *Collector) wake() {
	close(c.cond)
	c.cond = make(chan struct{})
}

// Changes is the batch to append the fields of a change to. It holds until Added.
func (c *Collector) Changes() *Changes {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.whole = false
	return c.fill
}

// Added adds the change whose fields were appended last. Where the batch is full it is
// handed over as it is, in the middle of its transaction: wait as Commit.
func (c *Collector) Added(ctx context.Context, ch Change, w Wait) error {
	b := c.fill
	b.List = append(b.List, ch)
	if !c.isFull(b, 1) {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	b.Open, c.open = true, true
	return c.handOver(ctx, w)
}

// Wait is what the filling side does while the taker is busy: Do is called every Every,
// to answer keepalives. The zero Wait only waits.
type Wait struct {
	Every time.Duration
	Do    func() error
}

// Commit ends a transaction: advance moves what position reads, at is the source's clock
// (or zero). Where the taker waits, or the batch is full, the batch is handed over; if
// the one before it was not taken yet, Commit waits for that.
func (c *Collector) Commit(ctx context.Context, at time.Time, advance func(), w Wait) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	advance()
	b := c.fill
	c.whole = true
	if b.Empty() && !c.open {
		return nil // nothing of ours was in it
	}
	b.Transactions++
	b.CommittedAt, c.open = at, false
	c.end = markOf(b)
	if !c.waiting && !c.isFull(b, 2) {
		return nil
	}
	b.Position = c.position()
	return c.handOver(ctx, w)
}

// Progress moves the position where no change of ours came.
func (c *Collector) Progress(advance func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	advance()
}

// Fail ends the stream: the taker gets what was committed before, then err. The filling
// side is done with the collector.
func (c *Collector) Fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
	if b := c.fill; !c.whole && b.Transactions > 0 {
		clear(b.List[c.end.list:])
		b.List, b.Data = b.List[:c.end.list], b.Data[:c.end.data]
		b.Ends, b.States = b.Ends[:c.end.ends], b.States[:c.end.ends]
		b.Open, c.whole = false, true
	}
	c.wake()
}

// handOver gives fill to the taker. mu is held, and let go while it waits.
func (c *Collector) handOver(ctx context.Context, w Wait) error {
	var tick <-chan time.Time
	if c.full != nil && w.Do != nil {
		t := time.NewTicker(w.Every)
		defer t.Stop()
		tick = t.C
	}
	for c.full != nil {
		cond := c.cond
		c.mu.Unlock()
		var err error
		select {
		case <-cond:
		case <-tick:
			err = w.Do()
		case <-ctx.Done():
			err = ctx.Err()
		}
		c.mu.Lock()
		if err != nil {
			return err
		}
	}
	if c.whole && c.fill.Transactions == 0 {
		return nil // the taker took it meanwhile
	}
	c.give()
	return nil
}

// give makes fill the batch to take.
func (c *Collector) give() {
	c.full, c.waiting = c.fill, false
	if n := len(c.spare); n > 0 {
		c.fill, c.spare = c.spare[n-1], c.spare[:n-1]
	} else {
		c.fill = &Changes{}
	}
	c.wake()
}

// While transactions come so many at a time, the taker lets a batch grow for a moment:
// each costs the target a transaction of its own.
const (
	briskTransactions = 32
	briskPause        = 10 * time.Millisecond
)

// linger lets a brisk stream fill its batch. mu is held, and let go meanwhile.
func (c *Collector) linger(ctx context.Context) {
	c.brisk = false
	timer := time.NewTimer(briskPause)
	defer timer.Stop()
	for c.full == nil && c.err == nil {
		cond := c.cond
		c.mu.Unlock()
		over := false
		select {
		case <-cond:
		case <-timer.C:
			over = true
		case <-ctx.Done():
			over = true
		}
		c.mu.Lock()
		if over {
			return
		}
	}
}

// Take returns the next batch. Where nothing comes within quiet it returns an empty batch
// with the position reached, so that a quiet stream can be checkpointed too; its Position
// is empty where none is known yet. Hand each batch back by Recycle.
func (c *Collector) Take(ctx context.Context, quiet time.Duration) (*Changes, error) {
	timer := time.NewTimer(quiet)
	defer timer.Stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.brisk {
		c.linger(ctx)
	}
	for timeUp := false; ; {
		if b := c.full; b != nil {
			c.full, c.brisk = nil, b.Transactions >= briskTransactions
			c.wake()
			return b, nil
		}
		if c.whole && c.fill.Transactions > 0 {
			c.fill.Position = c.position()
			c.give()
			continue
		}
		if c.err != nil {
			return nil, c.err
		}
		if timeUp && c.whole {
			b := c.takeSpare()
			b.Position = c.position()
			return b, nil
		}
		if timeUp {
			timer.Reset(quiet) // a transaction is coming in
			timeUp = false
		}
		c.waiting = true
		cond := c.cond
		c.mu.Unlock()
		var err error
		select {
		case <-cond:
		case <-timer.C:
			timeUp = true
		case <-ctx.Done():
			err = ctx.Err()
		}
		c.mu.Lock()
		c.waiting = false
		if err != nil {
			return nil, err
		}
	}
}

func (c *Collector) takeSpare() *Changes {
	if n := len(c.spare); n > 0 {
		b := c.spare[n-1]
		c.spare = c.spare[:n-1]
		return b
	}
	return &Changes{}
}

// maxSpare bounds the memory that waits for reuse; a batch that a large row has made
// grow past three times the limit is let go.
const maxSpare = 3

// Recycle takes a batch back that nobody uses any more.
func (c *Collector) Recycle(b *Changes) {
	if cap(b.Data)+fieldBytes*cap(b.Ends) > 3*c.bytes {
		return
	}
	b.Reset()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.spare) < maxSpare {
		c.spare = append(c.spare, b)
	}
}

// Ack notes that everything up to p is durable in the target.
func (c *Collector) Ack(p Position) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acked = p
	c.wake()
}

// Acked is the last position that was acknowledged, "" where there is none. The provider
// tells the source of it at once where that is cheap, and else with its next keepalive.
func (c *Collector) Acked() Position {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.acked
}
