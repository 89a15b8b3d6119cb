package lang

import (
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// The values of a sync's arguments.
var (
	patterns     = []string{"one_way", "bidirectional", "hub_and_spoke"}
	modes        = []string{"incremental", "full", "snapshot", "schema"}
	badRowWays   = []string{"stop", "dead_letter"}
	cdcMethods   = []string{"logical_replication", "binlog", "trigger", "polling"}
	exceedWays   = []string{"warn", "drop_slot"}
	retryDefault = int64(3)
	tableDefault = int64(4)
)

var syncSpec = BlockSpec{
	Name:   "sync",
	Labels: []Label{{Name: "name"}},
	Arguments: []Argument{
		{Name: "for_each", Type: later, Text: "A map, or a set of texts: the sync stands once per element, as each.key and each.value."},
		{Name: "pattern", Type: text, OneOf: patterns, Default: "one_way", Text: "Which way rows go."},
		{Name: "mode", Type: text, OneOf: modes, Default: "incremental", Text: "incremental follows the source; full loads aside and swaps; snapshot copies one point in time and is done; schema copies no rows."},
		{Name: "source", Type: reference, Kinds: endpointKinds, Text: "one_way: where rows come from."},
		{Name: "target", Type: reference, Kinds: endpointKinds, Text: "one_way: where rows go."},
		{Name: "between", Type: references, Kinds: endpointKinds, Text: "bidirectional: the two endpoints."},
		{Name: "initial", Type: reference, Kinds: endpointKinds, Text: "bidirectional: who wins where both sides hold rows at the start."},
		{Name: "hub", Type: reference, Kinds: endpointKinds, Text: "hub_and_spoke: the endpoint in the middle."},
		{Name: "spokes", Type: references, Kinds: endpointKinds, Text: "hub_and_spoke: the others."},
		{Name: "batch_size", Type: wholeNum, Min: 1, Text: "Rows per chunk; left out, chosen by the rows' size."},
		{Name: "parallel_tables", Type: wholeNum, Min: 1, Max: 1024, Default: "4", Text: "Tables that are loaded at once."},
		{Name: "retry_attempts", Type: wholeNum, Max: 1000, Default: "3", Text: "How often what failed for a passing reason is tried again."},
		{Name: "checkpoint_interval", Type: duration, Text: "The longest that a quiet stream goes without a checkpoint."},
		{Name: "max_snapshot_age", Type: duration, Text: "The longest that a snapshot of the source is held open during a load."},
		{Name: "schedule", Type: cron, Text: "Passes at these times instead of an open stream."},
		{Name: "on_bad_row", Type: text, OneOf: badRowWays, Default: "stop", Text: "What happens to a row that the target can't hold."},
		{Name: "schema_policy", Type: reference, Kinds: []string{"schema_policy"}, Text: "What happens when the source's tables change."},
		{Name: "conflict_policy", Type: reference, Kinds: []string{"conflict_policy"}, Text: "Who wins when both sides change a row."},
	},
	Blocks: []BlockSpec{cdcSpec, mappingSpec},
	Text:   "Tables of one endpoint and what becomes of them in another.",
}

var cdcSpec = BlockSpec{
	Name: "cdc",
	Arguments: []Argument{
		{Name: "method", Type: text, OneOf: cdcMethods, Text: "How changes are captured; left out, the best that the source offers."},
		{Name: "publication", Type: text, Text: "PostgreSQL: the publication's name."},
		{Name: "slot", Type: text, Text: "PostgreSQL: the replication slot's name."},
		{Name: "capture_deletes", Type: boolean, Default: "true", Text: "Whether deleted rows are deleted in the target."},
		{Name: "capture_before_values", Type: boolean, Default: "false", Text: "Whether events carry the row as it was."},
		{Name: "pushdown", Type: boolean, Default: "false", Text: "PostgreSQL 15 and later: whether the publication sends only the columns and rows that the mappings need. The server then refuses to drop or retype such a column, and updates after another change of the replica identity."},
		{Name: "max_retained_wal", Type: size, Text: "How much the source may keep for us."},
		{Name: "on_exceed", Type: text, OneOf: exceedWays, Default: "warn", Text: "What happens when it keeps more: status says so, or the running sync drops the slot and stops; its tables must be loaded anew then."},
	},
	Text: "How changes are captured.",
}

// syncArguments are the arguments of each pattern; true: it needs it.
var syncArguments = map[string]map[string]bool{
	"one_way":       {"source": true, "target": true},
	"bidirectional": {"between": true, "initial": false},
	"hub_and_spoke": {"hub": true, "spokes": true},
}

// syncAttributes is what can be read of a sync in an output.
var syncAttributes = []string{"name", "pattern", "mode", "source", "target", "publication", "slot"}

// syncDecl is a sync block and the elements that it stands for.
type syncDecl struct {
	block *hcl.Block
	insts []instance
	wild  bool // it has a mapping with a wildcard label
}

// declareSync registers a sync. Its value is for outputs, which are evaluated once it
// is decoded.
func (l *loader) declareSync(b *hcl.Block, addr string) {
	decl := &syncDecl{block: b}
	l.syncs[addr] = decl
	forEach := forEachOf(b)
	n := &node{kind: "sync", addr: addr, rng: b.DefRange, forEach: forEach != nil}
	n.make = func() cty.Value {
		vals := map[string]cty.Value{}
		for _, in := range decl.insts {
			switch s := l.cfg.Sync(in.addr); {
			case s == nil:
				return cty.DynamicVal
			case in.each == nil:
				return syncValue(s)
			default:
				vals[in.each.key.AsString()] = syncValue(s)
			}
		}
		return cty.ObjectVal(vals)
	}
	l.scope.add(n)
	l.decoders = append(l.decoders, func() {
		decl.insts = l.instances(addr, forEach)
		for _, in := range decl.insts {
			s := l.sync(b, in)
			decl.wild = decl.wild || slices.ContainsFunc(s.Mappings, (*Mapping).Wildcard)
			if !in.virtual {
				l.cfg.Syncs = append(l.cfg.Syncs, s)
			}
		}
	})
}

// syncValue is what an output can read of a sync. What only apply decides is unknown.
func syncValue(s *Sync) cty.Value {
	vals := map[string]cty.Value{
		"name": cty.StringVal(s.Name), "pattern": cty.StringVal(s.Pattern), "mode": cty.StringVal(s.Mode),
		"source": textOrNull(s.Source), "target": textOrNull(s.Target),
		"publication": cty.UnknownVal(cty.String), "slot": cty.UnknownVal(cty.String),
	}
	if s.CDC != nil && s.CDC.Publication != "" {
		vals["publication"] = cty.StringVal(s.CDC.Publication)
	}
	if s.CDC != nil && s.CDC.Slot != "" {
		vals["slot"] = cty.StringVal(s.CDC.Slot)
	}
	return cty.ObjectVal(vals)
}

func textOrNull(s string) cty.Value {
	if s == "" {
		return cty.NullVal(cty.String)
	}
	return cty.StringVal(s)
}

// sync decodes a sync for one element.
func (l *loader) sync(b *hcl.Block, in instance) *Sync {
	blk := l.open(&syncSpec, b, in.addr, env{each: in.each})
	s := &Sync{
		Block: blk.Block, Name: b.Labels[0],
		Pattern: getOr(blk, "pattern", "one_way"), Mode: getOr(blk, "mode", "incremental"),
		Source: get[string](blk, "source"), Target: get[string](blk, "target"),
		Between: get[[]string](blk, "between"), Initial: get[string](blk, "initial"),
		Hub: get[string](blk, "hub"), Spokes: get[[]string](blk, "spokes"),
		BatchSize:          get[int64](blk, "batch_size"),
		ParallelTables:     int(getOr(blk, "parallel_tables", tableDefault)),
		RetryAttempts:      int(getOr(blk, "retry_attempts", retryDefault)),
		CheckpointInterval: get[time.Duration](blk, "checkpoint_interval"),
		MaxSnapshotAge:     get[time.Duration](blk, "max_snapshot_age"),
		Schedule:           get[string](blk, "schedule"),
		OnBadRow:           getOr(blk, "on_bad_row", "stop"),
		SchemaPolicy:       get[string](blk, "schema_policy"),
		ConflictPolicy:     get[string](blk, "conflict_policy"),
		CDC:                cdc(blk.one("cdc")),
	}
	l.checkPattern(blk, s)
	for _, m := range blk.many("mapping") {
		s.Mappings = append(s.Mappings, l.mapping(m, s))
	}
	if len(blk.inner["mapping"]) == 0 {
		l.report(warnAt(blk.DeclRange, sumMissingBlk, `%s has no mapping, so it copies nothing. Write mapping "TABLE" {}, or mapping "*" {} for all tables.`, blk.Addr))
	}
	return s
}

// cdc decodes a cdc block.
func cdc(blk *blk) *CDC {
	if blk == nil {
		return nil
	}
	return &CDC{Block: blk.Block, Method: get[string](blk, "method"), Publication: get[string](blk, "publication"),
		Slot: get[string](blk, "slot"), CaptureDeletes: getOr(blk, "capture_deletes", true),
		CaptureBeforeValues: get[bool](blk, "capture_before_values"), Pushdown: get[bool](blk, "pushdown"), MaxRetainedWAL: get[int64](blk, "max_retained_wal"),
		OnExceed: getOr(blk, "on_exceed", "warn")}
}

// checkPattern checks the arguments that name a sync's endpoints.
func (l *loader) checkPattern(blk *blk, s *Sync) {
	takes, ok := syncArguments[s.Pattern]
	if !ok {
		return // a wrong pattern has been reported
	}
	for _, name := range []string{"source", "target", "between", "initial", "hub", "spokes"} {
		needed, taken := takes[name]
		switch {
		case blk.set[name] && !taken:
			l.report(errorAt(blk.Range(name), sumConflict, "A sync with pattern %q takes no %s. Take it out, or change the pattern.", s.Pattern, name))
		case !blk.set[name] && needed:
			l.report(errorAt(blk.DeclRange, sumMissingArg, "A sync with pattern %q needs the argument %s.", s.Pattern, name))
		}
	}
	if s.Pattern != "one_way" && s.Mode != "" && s.Mode != "incremental" {
		l.report(errorAt(blk.Range("mode"), sumConflict, "A sync with pattern %q follows both sides, so its mode is \"incremental\". Take mode out.", s.Pattern))
	}
	switch {
	case s.Between != nil && len(s.Between) != 2:
		l.report(errorAt(blk.Range("between"), sumValue, "between names two endpoints; for more, write pattern = \"hub_and_spoke\"."))
	case s.Initial != "" && s.Between != nil && !slices.Contains(s.Between, s.Initial):
		l.report(errorAt(blk.Range("initial"), sumValue, "initial is one of the two endpoints of between: %s or %s.", s.Between[0], s.Between[1]))
	case slices.Contains(s.Spokes, s.Hub):
		l.report(errorAt(blk.Range("spokes."+s.Hub), sumValue, "%s is the hub, so it can't be a spoke.", s.Hub))
	}
	if s.MaxSnapshotAge > 0 && s.Mode != "incremental" {
		l.report(errorAt(blk.Range("max_snapshot_age"), sumConflict, "A load without a stream reads each table in one snapshot, whatever its age. Take max_snapshot_age out, or write mode = \"incremental\"."))
	}
	if c := s.CDC; c != nil && c.OnExceed == "drop_slot" {
		switch {
		case c.MaxRetainedWAL == 0:
			l.report(errorAt(c.Range("on_exceed"), sumConflict, "on_exceed says what happens past max_retained_wal, which is not set. Set it, such as max_retained_wal = \"10GB\"."))
		case c.Method != "" && c.Method != "logical_replication":
			l.report(errorAt(c.Range("on_exceed"), sumConflict, "Capture by %s has no slot to drop. Take on_exceed out.", c.Method))
		}
	}
	if c := s.CDC; c != nil && c.Pushdown && c.Method != "" && c.Method != "logical_replication" {
		l.report(errorAt(c.Range("pushdown"), sumConflict, "Capture by %s has no publication that could leave columns or rows out. Take pushdown out.", c.Method))
	}
	l.checkRole(blk, "source", s.Source, true)
	l.checkRole(blk, "target", s.Target, false)
	if strings.HasPrefix(s.Source, "source.sql.") && s.Mode != "schema" && s.Mode != "" {
		l.report(errorAt(blk.Range("source"), sumConflict, `%s is a schema without rows, which only mode = "schema" takes. Write mode = "schema".`, s.Source))
	}
}

// checkRole refuses an endpoint that can't play the role.
func (l *loader) checkRole(blk *blk, arg, addr string, source bool) {
	parts := strings.Split(addr, ".")
	if len(parts) < 3 {
		return // left out, or wrong and reported
	}
	p, ok := l.provider(parts[1])
	if ok && ((source && !p.Source) || (!source && !p.Target)) {
		l.report(errorAt(blk.Range(arg), sumRef, "%s is a %s, which can't be the %s of a sync.", addr, p.Name, arg))
	}
}
