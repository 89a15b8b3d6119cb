package mysql

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
	"github.com/syncform/syncform/providers/script"
)

// tryMark is the table that stands in a scratch database while files are tried out:
// what is found beside it was left by a try that was killed.
const tryMark = ledger.AsidePrefix + "scratch"

// tryWait is how long one try waits for another one in the same database.
const tryWait = 10 * time.Minute

// TrySchema runs the files, which commit as they go, reads the catalogue and drops all
// that they made.
func (c *Conn) TrySchema(ctx context.Context, files []script.File, o providers.InspectOptions) (db *schema.Database, err error) {
	var statements []script.Statement
	for _, f := range files {
		list, err := script.Split(c.server.system, f)
		if err != nil {
			return nil, err
		}
		statements = append(statements, list...)
	}
	s, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close() // whatever the files have set ends with it
	lock := c.slot(-1)
	rows, err := s.query(ctx, "SELECT GET_LOCK(?, ?)", lock, int64(tryWait/time.Second))
	if err != nil {
		return nil, classify(fmt.Errorf("wait for another try in the scratch database: %w", err))
	}
	if rows[0][0] != "1" {
		return nil, fmt.Errorf("another run tries files out in database %s", c.database)
	}
	if err := c.prepareTry(ctx, s); err != nil {
		return nil, err
	}
	defer func() {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = errors.Join(err, c.endTry(clean))
	}()
	if err := c.runFiles(ctx, s, statements); err != nil {
		return nil, err
	}
	return c.Inspect(ctx, o)
}

// prepareTry sees to it that the database is empty, and marks it.
func (c *Conn) prepareTry(ctx context.Context, s *session) error {
	objects, err := c.objects(ctx, s)
	if err != nil {
		return err
	}
	marked := false
	for _, x := range objects {
		marked = marked || x.name == tryMark
	}
	if !marked && len(objects) > 0 {
		return &providers.NotEmptyError{Database: c.database, Holds: fmt.Sprintf("%s %q", strings.ToLower(objects[0].kind), objects[0].name)}
	}
	if marked {
		return drop(ctx, s, objects, false)
	}
	_, err = s.exec(ctx, "CREATE TABLE "+ident(tryMark)+" (id int) COMMENT = 'syncform tries files out here'")
	return classify(err)
}

// endTry drops all that stands in the database, the mark last. It takes a session of
// its own, for the files may have left theirs in any state.
func (c *Conn) endTry(ctx context.Context) error {
	s, err := c.connect(ctx)
	if err != nil {
		return fmt.Errorf("empty the scratch database: %w", err)
	}
	defer s.close()
	objects, err := c.objects(ctx, s)
	if err != nil {
		return err
	}
	return drop(ctx, s, objects, true)
}

// standing is something that stands in the database by itself.
type standing struct{ kind, name string }

func (c *Conn) objects(ctx context.Context, s *session) ([]standing, error) {
	rows, err := s.query(ctx, "SELECT CASE TABLE_TYPE WHEN 'VIEW' THEN 'VIEW' WHEN 'SEQUENCE' THEN 'SEQUENCE' ELSE 'TABLE' END, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"+
		" UNION ALL SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()"+
		" UNION ALL SELECT 'EVENT', EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()")
	if err != nil {
		return nil, classify(fmt.Errorf("look what stands in database %s: %w", c.database, err))
	}
	list := make([]standing, len(rows))
	for i, r := range rows {
		list[i] = standing{r[0], r[1]}
	}
	return list, nil
}

// drop drops objects; the mark, where asked for, once all others are gone.
func drop(ctx context.Context, s *session, objects []standing, mark bool) error {
	if _, err := s.exec(ctx, "SET foreign_key_checks = 0"); err != nil {
		return classify(err)
	}
	var names []string
	for _, x := range objects {
		switch {
		case x.name == tryMark:
		case x.kind == "TABLE":
			names = append(names, ident(x.name))
		default:
			if _, err := s.exec(ctx, "DROP "+x.kind+" IF EXISTS "+ident(x.name)); err != nil {
				return classify(fmt.Errorf("empty the scratch database: %w", err))
			}
		}
	}
	for len(names) > 0 {
		n := min(len(names), createsPerTrip)
		if _, err := s.exec(ctx, "DROP TABLE IF EXISTS "+strings.Join(names[:n], ", ")); err != nil {
			return classify(fmt.Errorf("empty the scratch database: %w", err))
		}
		names = names[n:]
	}
	if mark {
		if _, err := s.exec(ctx, "DROP TABLE IF EXISTS "+ident(tryMark)); err != nil {
			return classify(fmt.Errorf("empty the scratch database: %w", err))
		}
	}
	return nil
}

func (c *Conn) runFiles(ctx context.Context, s *session, statements []script.Statement) error {
	// Tables may be made before those that they refer to.
	if _, err := s.exec(ctx, "SET foreign_key_checks = 0"); err != nil {
		return classify(err)
	}
	for _, st := range statements {
		skip, err := notTried(st)
		if err == nil && !skip {
			_, err = s.exec(ctx, st.Text)
		}
		if err != nil {
			return &providers.ScriptError{Statement: st, Err: classify(err)}
		}
	}
	rows, err := s.query(ctx, "SELECT DATABASE()")
	if err != nil {
		return classify(err)
	}
	if rows[0][0] != c.database {
		return fmt.Errorf("the files change to database %s; they are tried out in %s", rows[0][0], c.database)
	}
	return nil
}

// notTried reports whether a statement is passed over, and refuses what would touch
// more than this database.
func notTried(st script.Statement) (skip bool, err error) {
	w := script.Words(st.Text, 3)
	if len(w) == 0 {
		return !strings.HasPrefix(st.Text, "/*!") && !strings.HasPrefix(st.Text, "/*M!"), nil
	}
	switch w[0] {
	case "GRANT", "REVOKE", "LOCK", "UNLOCK", "ANALYZE", "OPTIMIZE", "FLUSH":
		return true, nil
	case "USE":
		return false, errors.New("USE would lead out of the scratch database: take it out, and write names without a database")
	case "CREATE", "DROP", "ALTER":
		if len(w) < 2 {
			return false, nil
		}
		switch w[1] {
		case "USER", "ROLE":
			return true, nil
		case "DATABASE", "SCHEMA", "SERVER", "TABLESPACE", "LOGFILE", "UNDO":
			return false, fmt.Errorf("%s %s can't be tried out: it concerns more than the tables of one database. Take it out of the files", w[0], w[1])
		}
	}
	return false, nil
}
