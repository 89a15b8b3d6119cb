package mysql

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
)

const hostile = "we`ird \"n'ame"

// workloadTables are the tables that workload writes to.
func workloadTables() []string {
	return []string{
		"CREATE TABLE w (id int PRIMARY KEY, email varchar(40) UNIQUE, n decimal(20,6), e enum('a','b','c'), s set('x','y','z'), j json, body mediumtext, raw blob, at timestamp(3) NULL, ok tinyint(1))",
		"CREATE TABLE " + ident(hostile) + " (`a``b` varchar(30) CHARACTER SET latin1 NOT NULL, `select` int NOT NULL, `it's` varchar(50), PRIMARY KEY (`a``b`, `select`))",
		"CREATE TABLE shifts (id int PRIMARY KEY, v int NOT NULL)",
	}
}

// workload runs random transactions, some of which are rolled back in part or whole.
func workload(t testing.TB, c *Conn, r *rand.Rand, transactions int, truncate bool) {
	t.Helper()
	ctx := t.Context()
	texts := []string{"''", "NULL", "'é€ÿ'", `'\\'`, "'tab\\tnew\\nline'", "REPEAT('ü', 3000)", "'\\0'", "'%_'", "'  '", "'''; DROP TABLE w; --'"}
	latin := []string{"'a'", "'é'", "'€'", "'ß'", "''''", "'`'", "'\"'", "'\\\\'"}
	text := func() string { return texts[r.IntN(len(texts))] }
	statement := func() string {
		id := r.IntN(40)
		switch r.IntN(12) {
		case 0, 1, 2:
			return fmt.Sprintf("INSERT IGNORE INTO w VALUES (%d, 'u%d', %d.%06d, '%c', '%s', JSON_OBJECT('k', %s, 'n', %d), %s, x'%02x00', FROM_UNIXTIME(%d.%03d), %d)",
				id, r.IntN(60), r.IntN(1e9), r.IntN(1e6), "abc"[r.IntN(3)], []string{"", "x", "x,z", "y"}[r.IntN(4)], text(), r.IntN(1e9), text(), r.IntN(256), 1+r.IntN(2e9), r.IntN(1000), r.IntN(3))
		case 3:
			return fmt.Sprintf("UPDATE w SET n = n + 1, body = %s, e = NULL WHERE id < %d", text(), id)
		case 4:
			return fmt.Sprintf("UPDATE w SET ok = 1 - ok WHERE id = %d", id)
		case 5:
			return fmt.Sprintf("DELETE FROM w WHERE id BETWEEN %d AND %d", id, id+r.IntN(5))
		case 6:
			return fmt.Sprintf("UPDATE IGNORE w SET id = id + 1 WHERE id >= %d ORDER BY id DESC", id)
		case 7: // two rows swap their unique value
			return fmt.Sprintf("UPDATE w a JOIN w b ON a.id = %d AND b.id = %d SET a.email = CONCAT('tmp', %d); UPDATE IGNORE w SET email = CONCAT('u', %d) WHERE id = %d", id, r.IntN(40), r.Uint32(), r.IntN(60), id)
		case 8:
			return fmt.Sprintf("INSERT INTO %s VALUES (%s, %d, %s) ON DUPLICATE KEY UPDATE `it's` = VALUES(`it's`)", ident(hostile), latin[r.IntN(len(latin))], r.IntN(5), []string{"NULL", "'x'", "'日本'", "''"}[r.IntN(4)])
		case 9:
			return fmt.Sprintf("UPDATE IGNORE %s SET `a``b` = %s WHERE `select` = %d; DELETE FROM %s WHERE `select` = %d AND `it's` IS NULL", ident(hostile), latin[r.IntN(len(latin))], r.IntN(5), ident(hostile), r.IntN(5))
		case 10:
			return "UPDATE shifts SET id = id + 1 ORDER BY id DESC"
		}
		return fmt.Sprintf("REPLACE INTO shifts VALUES (%d, %d)", r.IntN(50), r.IntN(1000))
	}
	err := c.with(ctx, func(s *session) error {
		for range transactions {
			if truncate && r.IntN(60) == 0 {
				if _, err := s.exec(ctx, "TRUNCATE /* all */ TABLE `w`"); err != nil {
					return err
				}
			}
			parts := []string{"START TRANSACTION"}
			for range 1 + r.IntN(6) {
				parts = append(parts, statement())
			}
			if r.IntN(3) == 0 {
				parts = append(parts, "SAVEPOINT a", statement(), statement(), "ROLLBACK TO SAVEPOINT a", statement())
			}
			parts = append(parts, []string{"COMMIT", "COMMIT", "COMMIT", "ROLLBACK"}[r.IntN(4)])
			if _, err := s.exec(ctx, strings.Join(parts, "; ")); err != nil {
				return fmt.Errorf("%w\n%s", err, strings.Join(parts, ";\n"))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Random transactions are followed and applied, in many runs of the stream.
func TestStreamWorkload(t *testing.T) {
	for _, method := range []string{providers.Binlog, providers.Trigger} {
		t.Run(method, func(t *testing.T) {
			providertest.EachMySQL(t, func(t *testing.T, url string) {
				seed := rand.Uint64()
				t.Log("seed", seed)
				r := rand.New(rand.NewPCG(seed, 0))
				from, to := pairOf(t, url, workloadTables()...)
				workload(t, from, r, 10, false)
				f := follow(t, from, to, method, "w", hostile, "shifts")
				for range 5 {
					workload(t, from, r, 40, method == providers.Binlog)
					f.catchUp()
					f.same()
				}
			})
		})
	}
}
