package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestTablesThatTheirLogLosesAreHeld: a table that is dropped, renamed or exchanged at the
// source is held by itself, and the others flow on; the next apply goes on with all.
func TestTablesThatTheirLogLosesAreHeld(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	for _, name := range []string{"postgres", "mysql", "mariadb"} {
		sys := all[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, source, target := following(t, sys, sys, "lost_"+name, `mapping "*" {}`,
				"CREATE TABLE dropped (id int PRIMARY KEY)", "CREATE TABLE renamed (id int PRIMARY KEY)", "CREATE TABLE other (id int PRIMARY KEY)", "CREATE TABLE stays (id int PRIMARY KEY)",
				"INSERT INTO dropped VALUES (1)", "INSERT INTO renamed VALUES (1)", "INSERT INTO other VALUES (1)")
			held := []string{"dropped", "renamed"}
			exchange := []string{"ALTER TABLE other RENAME TO away", "CREATE TABLE other (id int PRIMARY KEY)"}
			if name != "postgres" {
				held = append(held, "other")
			}
			switch name {
			case "postgres": // a table that is made anew is none of the publication
				exchange = []string{"DELETE FROM other"}
			case "mariadb":
				exchange = []string{"CREATE OR REPLACE TABLE other (id int PRIMARY KEY)"}
			}
			providertest.Exec(t, source, append(exchange, "INSERT INTO other VALUES (2), (3)", "DROP TABLE dropped", "ALTER TABLE renamed RENAME TO called", "INSERT INTO called VALUES (2)", "INSERT INTO stays VALUES (1)")...)
			run(t, dir, 0, "sync", "-once")
			if got := fmt.Sprint(providertest.Query(t, target, "SELECT id FROM stays")); got != "[[1]]" {
				t.Errorf("another table has %s", got)
			}
			status, _ := command(t, dir, "status").CombinedOutput() // it exits with 1 where a table is held
			out := string(status)
			for _, table := range held {
				if !strings.Contains(out, "table "+table) && !strings.Contains(out, "public."+table) {
					t.Errorf("%s is not held:\n%s", table, out)
				}
			}
			if strings.Contains(out, "-replace") {
				t.Errorf("a table that is gone can't be loaded anew:\n%s", out)
			}
			run(t, dir, 0, "apply", "-auto-approve")
			run(t, dir, 0, "sync", "-once")
			run(t, dir, 0, "plan", "-detailed-exitcode")
			run(t, dir, 0, "verify")
			if got := fmt.Sprint(providertest.Query(t, target, "SELECT id FROM called ORDER BY id"), providertest.Query(t, target, "SELECT id FROM other ORDER BY id")); got != "[[1] [2]] [[2] [3]]" {
				t.Errorf("the target has %s", got)
			}
		})
	}
}

// TestATableGoneBeforeItIsReadAgain: rows that an event has not whole are read again, and
// by then their table may be gone, which the stream has not come to.
func TestATableGoneBeforeItIsReadAgain(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]string{"dropped": "DROP TABLE wide", "column": "ALTER TABLE wide DROP COLUMN more"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pg := named(t, "postgres")
			dir, source, target := following(t, pg, pg, "unread_"+name, `mapping "*" {}`,
				"CREATE TABLE wide (id int PRIMARY KEY, n int, more int, big text)", "ALTER TABLE wide ALTER big SET STORAGE EXTERNAL", "CREATE TABLE stays (id int PRIMARY KEY)",
				"INSERT INTO wide SELECT g, 1, 1, repeat('x', 9000) FROM generate_series(1, 2) g")
			providertest.Exec(t, target, "DELETE FROM wide WHERE id = 1")
			s := launch(t, dir, "sync")
			s.follows()
			free := lockTable(t, target, pg, "wide")
			providertest.Exec(t, source, "UPDATE wide SET n = 2 WHERE id = 1")
			waitsForLock(t, target, pg)
			providertest.Exec(t, source, change, "INSERT INTO stays VALUES (1)")
			free()
			until(t, "the other table goes on", func() bool {
				s.goesOn()
				return len(providertest.Query(t, target, "SELECT 1 FROM stays")) > 0
			})
			s.stop()
			if status, _ := command(t, dir, "status").CombinedOutput(); !strings.Contains(string(status), "held") {
				t.Errorf("the table is not held:\n%s", status)
			}
			run(t, dir, 0, "apply", "-auto-approve")
			run(t, dir, 0, "sync", "-once")
			run(t, dir, 0, "verify")
			run(t, dir, 0, "plan", "-detailed-exitcode")
		})
	}
}
