package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// backupPlan writes the steps of one backup.
type backupPlan struct {
	b        providers.Backup
	of       string // the table, quoted
	copy     string // the copy, quoted
	only     string
	list     string // the registry
	key      []schema.Column
	untilOut []string // statements that take the trigger away again
}

// BackupSteps copies a table, or a column of one without a key, within the transaction
// that destroys it, and a column otherwise bit by bit, kept true by a trigger, so that
// nobody waits.
func (c *Conn) BackupSteps(db *schema.Database, b providers.Backup, destroy []providers.Step) ([]providers.Step, error) {
	if len(destroy) == 0 {
		return nil, nil
	}
	p := &backupPlan{b: b, of: quoteName(b.Of.Name), copy: quote(c.schema) + "." + quote(b.Name), only: "ONLY ", list: quote(c.schema) + "." + ledger.BackupTable}
	if b.Of.Partition != nil {
		p.only = ""
	}
	for _, k := range b.Key() {
		p.key = append(p.key, *b.Of.Column(k))
	}
	steps := slices.Clone(destroy)
	at := slices.IndexFunc(steps, func(s providers.Step) bool { return s.Transactional && (b.Column == "" || p.destroys(s.Text)) })
	if at < 0 {
		return nil, fmt.Errorf("bug in syncform: none of the steps destroys what %s is to hold", b.Name)
	}
	var before []providers.Step
	var first []string
	if len(p.key) == 0 {
		first = p.whole()
	} else {
		before, first = p.bitByBit(), p.untilOut
	}
	texts := append(first, steps[at].Text, p.done())
	steps[at].Text = strings.Join(texts, ";\n")
	steps[at].LockTimeout = lockTimeout
	steps = append(before, steps...)
	for _, old := range b.Prunes {
		steps = append(steps, c.DropBackupSteps(old)...)
	}
	return steps, nil
}

// destroys reports whether a statement is the one that takes the column's values away.
func (p *backupPlan) destroys(text string) bool {
	col := quote(p.b.Column)
	return strings.Contains(text, "DROP COLUMN "+col) || strings.Contains(text, "ALTER COLUMN "+col+" TYPE ")
}

// whole copies all rows while nobody writes.
func (p *backupPlan) whole() []string {
	mode := "ACCESS EXCLUSIVE"
	if p.b.Column != "" {
		mode = "SHARE ROW EXCLUSIVE" // readers go on
	}
	return []string{
		"LOCK TABLE " + p.only + p.of + " IN " + mode + " MODE",
		"DROP TABLE IF EXISTS " + p.copy,
		"CREATE TABLE " + p.copy + " AS SELECT " + storedColumns(p.b.Columns()) + " FROM " + p.only + p.of,
		p.check("*"),
	}
}

// check fails unless the copy has every row, as of one moment.
func (p *backupPlan) check(counted string) string {
	return "DO " + dollarQuote(fmt.Sprintf("BEGIN\nIF (SELECT pg_catalog.count(%s) FROM %s%s) <> (SELECT pg_catalog.count(*) FROM %s) THEN\n    RAISE EXCEPTION %s;\nEND IF;\nEND",
		counted, p.only, p.of, p.copy, literal(strings.ReplaceAll("the copy "+p.b.Name+" does not hold every row, so nothing was taken away", "%", "%%"))))
}

func (p *backupPlan) done() string {
	return fmt.Sprintf("UPDATE %s SET state = 'done', rows_copied = (SELECT pg_catalog.count(*) FROM %s) WHERE name = %s", p.list, p.copy, literal(p.b.Name))
}

// bitByBit copies the values that are not NULL with the rows' keys.
func (p *backupPlan) bitByBit() []providers.Step {
	name, col := quote(p.b.Name), quote(p.b.Column)
	function := strings.TrimSuffix(p.copy, name) + name + "()"
	columns := p.b.Columns()
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	match, keys := make([]string, len(p.key)), make([]string, len(p.key))
	for i, k := range p.key {
		match[i], keys[i] = quote(k.Name)+" = "+stored("OLD.", k), k.Name
	}
	body := fmt.Sprintf("BEGIN\nIF TG_OP <> 'INSERT' THEN\n    DELETE FROM %s WHERE %s;\nEND IF;\nIF TG_OP <> 'DELETE' AND NEW.%s IS NOT NULL THEN\n    INSERT INTO %s (%s) VALUES (%s) ON CONFLICT (%s) DO UPDATE SET %s = excluded.%s;\nEND IF;\nRETURN NULL;\nEND",
		p.copy, strings.Join(match, " AND "), col, p.copy, quoteAll(names), storedList("NEW.", columns), quoteAll(keys), col, col)
	if slices.Contains(keys, p.b.Column) { // the column is of the key itself
		body = strings.Replace(body, " DO UPDATE SET "+col+" = excluded."+col, " DO NOTHING", 1)
	}
	p.untilOut = []string{"DROP TRIGGER IF EXISTS " + name + " ON " + p.of, "DROP FUNCTION IF EXISTS " + function}
	begin := append(slices.Clone(p.untilOut),
		"DROP TABLE IF EXISTS "+p.copy,
		"CREATE TABLE "+p.copy+" AS SELECT "+storedColumns(columns)+" FROM "+p.of+" WITH NO DATA",
		"ALTER TABLE "+p.copy+" ADD PRIMARY KEY ("+quoteAll(keys)+")",
		"CREATE FUNCTION "+function+" RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS "+dollarQuote(body),
		"CREATE TRIGGER "+name+" AFTER INSERT OR UPDATE OR DELETE ON "+p.of+" FOR EACH ROW EXECUTE FUNCTION "+function,
		"ALTER TABLE "+p.of+" ENABLE ALWAYS TRIGGER "+name,
	)
	plain := func(text string) string { return strings.ReplaceAll(text, "%", "%%") } // in a format
	insert := "INSERT INTO " + plain(p.copy) + " (" + plain(quoteAll(names)) + ") SELECT " + plain(storedList("t.", columns)) +
		" FROM ONLY %s AS t WHERE t.ctid >= %L::tid AND t.ctid < %L::tid AND t." + plain(col) + " IS NOT NULL FOR SHARE ON CONFLICT DO NOTHING"
	return []providers.Step{
		{Text: strings.Join(begin, ";\n"), Transactional: true, LockTimeout: lockTimeout},
		{Text: inBatches(p.of, insert, batchPages)},
		{Text: p.check(col), Transactional: true},
	}
}

// batchPages is how many pages one transaction of a statement in batches goes over.
const batchPages = 256

// inBatches runs a statement for all rows of a table, and of its partitions, each few
// pages in a transaction of their own. The statement is a format that takes the table,
// the first tid, and the tid behind the last. Rows that come later are not its business.
func inBatches(of, statement string, pages int) string {
	return "DO " + dollarQuote(fmt.Sprintf(`DECLARE
    part pg_catalog.regclass;
    page bigint;
    pages bigint;
BEGIN
FOR part IN SELECT c.oid::pg_catalog.regclass FROM pg_catalog.pg_class c WHERE c.relkind = 'r' AND (c.oid = %[1]s::pg_catalog.regclass OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(%[1]s::pg_catalog.regclass) WHERE isleaf)) ORDER BY c.oid LOOP
    page := 0;
    pages := pg_catalog.pg_relation_size(part) / pg_catalog.current_setting('block_size')::bigint;
    WHILE page <= pages LOOP
        EXECUTE pg_catalog.format(%[2]s, part, '(' || page || ',0)', '(' || page + %[3]d || ',0)');
        COMMIT;
        page := page + %[3]d;
    END LOOP;
END LOOP;
END`, literal(of), literal(statement), pages))
}

// stored writes a column as a backup keeps it: what has a type that somebody made, or a
// collation, as text, so that the copy stands in nobody's way.
func stored(prefix string, c schema.Column) string {
	switch {
	case asText(c.Type):
		return prefix + quote(c.Name) + "::text"
	case c.Collation != "":
		return `(` + prefix + quote(c.Name) + ` COLLATE "default")`
	}
	return prefix + quote(c.Name)
}

func asText(t schema.Type) bool {
	return t.Name.Name != "" || t.Domain || t.Kind == schema.Other || t.Kind == schema.Geometry || t.Kind == schema.EnumKind || t.Elem != nil && asText(*t.Elem)
}

func storedList(prefix string, columns []schema.Column) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = stored(prefix, c)
	}
	return strings.Join(out, ", ")
}

// storedColumns is storedList under the columns' own names.
func storedColumns(columns []schema.Column) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = stored("", c) + " AS " + quote(c.Name)
	}
	return strings.Join(out, ", ")
}

// DropBackupSteps removes a backup, and what an unfinished one left on its table.
func (c *Conn) DropBackupSteps(name string) []providers.Step {
	in := quote(c.schema) + "."
	return []providers.Step{{Transactional: true, LockTimeout: lockTimeout, Text: strings.Join([]string{
		"DROP FUNCTION IF EXISTS " + in + quote(name) + "() CASCADE",
		"DROP TABLE IF EXISTS " + in + quote(name),
		"DELETE FROM " + in + ledger.BackupTable + " WHERE name = " + literal(name),
	}, ";\n")}}
}

// restoreRows writes a backup's rows, or its column's values, back.
func (p *stepPlan) restoreRows(in string, c schema.RestoreRows) {
	to, from := quoteName(c.To.Name), quote(in)+"."+quote(c.From)
	match := make([]string, len(c.Key))
	for i, k := range c.Key {
		match[i] = "l." + quote(k) + " = " + p.back("s.", k, c.To.Column(k))
	}
	same := strings.Join(match, " AND ")
	if c.Column != "" {
		value := p.back("s.", c.Source, c.To.Column(c.Column))
		p.addf("UPDATE %s l SET %s = %s FROM %s s WHERE %s AND l.%s IS NULL", to, quote(c.Column), value, from, same, quote(c.Column))
		return
	}
	var names, values []string
	for i := range c.To.Columns {
		if k := &c.To.Columns[i]; k.Generated == nil {
			names, values = append(names, k.Name), append(values, p.back("s.", k.Name, k))
		}
	}
	missing := "NOT EXISTS (SELECT FROM " + to + " l"
	if same != "" {
		missing += " WHERE " + same
	}
	p.addf("INSERT INTO %s (%s)%s SELECT %s FROM %s s WHERE %s)", to, quoteAll(names), overriding(c.To, names), strings.Join(values, ", "), from, missing)
}

// back reads a value of a backup as the column's type.
func (p *stepPlan) back(prefix, name string, to *schema.Column) string {
	if to == nil || !asText(to.Type) {
		return prefix + quote(name)
	}
	typ, err := typeSQL(to.Type)
	if err != nil {
		return prefix + quote(name)
	}
	return prefix + quote(name) + "::" + typ
}

// NoteBackup writes a backup's entry.
func (c *Conn) NoteBackup(ctx context.Context, e providers.BackupEntry) error {
	s, err := c.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.release(s)
	if err := c.ensureLedger(ctx, s); err != nil {
		return err
	}
	return inTransaction(ctx, s, func() error {
		there, err := c.there(ctx, s, ledger.BackupTable)
		if err != nil {
			return err
		}
		if !there {
			if err := s.exec(ctx, "SELECT pg_catalog.pg_advisory_xact_lock(7310868735421)"); err != nil {
				return classify(err)
			}
			if err := c.ledger().EnsureBackups(ctx, ledgerDB{s}); err != nil {
				return err
			}
		}
		return c.ledger().NoteBackup(ctx, ledgerDB{s}, e)
	})
}

// Backups lists the backups whose tables are there.
func (c *Conn) Backups(ctx context.Context) ([]providers.BackupEntry, error) {
	s, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release(s)
	if there, err := c.there(ctx, s, ledger.BackupTable); err != nil || !there {
		return nil, err
	}
	all, err := c.ledger().Backups(ctx, ledgerDB{s})
	if err != nil {
		return nil, err
	}
	sizes, err := s.query(ctx, "SELECT c.relname, pg_catalog.pg_table_size(c.oid) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r' AND c.relname LIKE '\\_sync\\_backup\\_%'", c.schema)
	if err != nil {
		return nil, classify(err)
	}
	return ledger.Sized(all, sizes)
}
