package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
)

// TestStreamSchemaChanges: changes are read by the table as it was when they were made,
// not as it is; columns that nobody asked for are named and not carried; rows of an
// inheritance child come as the parent's.
func TestStreamSchemaChanges(t *testing.T) {
	edgeServers(t, func(t *testing.T, version string) {
		from := providertest.Postgres(t, version)
		providertest.Exec(t, from, "CREATE TABLE f (id integer PRIMARY KEY, a text, b integer)", "CREATE TABLE kid (b integer, id integer PRIMARY KEY, a text)", "ALTER TABLE kid INHERIT f")
		c := open(t, from)
		ct := capturedTable(t, c, "f")
		ct.Table.Columns = ct.Table.Columns[:2]
		p := planned(t, c, providers.Capture{Sync: testSync, Method: providers.LogicalReplication, Deletes: true, Tables: []providers.CaptureTable{ct}}, nil)
		p.Capture.Slot = strings.ToLower("sf_ddl_" + providertest.Query(t, from, "SELECT current_database()")[0][0])
		runSteps(t, c, p.Steps)
		start, err := c.StartCapture(t.Context(), p.Capture)
		if err != nil {
			t.Fatal(err)
		}
		providertest.Exec(t, from,
			"INSERT INTO f VALUES (1, 'x', 5)", "ALTER TABLE f ADD c date DEFAULT '2024-01-01'", "INSERT INTO f VALUES (2, 'y', 6, '2024-02-29')", "ALTER TABLE f DROP b", "UPDATE f SET a = 'z' WHERE id = 1",
			"ALTER TABLE f ALTER a TYPE varchar(9)", "INSERT INTO f VALUES (3, 'v')", "INSERT INTO kid (id, a) VALUES (4, 'k')", "ALTER TABLE f RENAME a TO aa", "DELETE FROM f WHERE id = 2")
		goal, err := c.Current(t.Context(), p.Capture)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		collectors, failed := make(chan *row.Collector, 1), make(chan error, 1)
		go func() {
			failed <- c.Follow(ctx, p.Capture, start.Position, func(p func() row.Position) *row.Collector {
				col := row.NewCollector(p)
				collectors <- col
				return col
			})
		}()
		var got []string
		for col := <-collectors; ; {
			b, err := col.Take(ctx, 50*time.Millisecond)
			if err != nil {
				t.Fatal(err)
			}
			for _, ch := range b.List {
				first, text := ch.New, fmt.Sprint(ch.Op, " ", ch.Relation.Name)
				if first == row.None {
					first = ch.Old
				}
				for i, rc := range ch.Relation.Columns {
					v, state := b.Field(first, i)
					text += fmt.Sprintf(" %s %s=%s", rc.Name, rc.Type, []string{string(v), "NULL", "?"}[state])
				}
				got = append(got, text)
			}
			if b.Position == "" {
				continue
			}
			if reached, err := c.Reached(b.Position, goal); err != nil || reached {
				break
			}
		}
		cancel()
		<-failed
		want := []string{
			"0 public.f id integer=1 a text=x b integer=?",
			"0 public.f id integer=2 a text=y b integer=? c date=?",
			"1 public.f id integer=1 a text=z c date=?",
			"0 public.f id integer=3 a character varying(9)=v c date=?",
			"0 public.f b integer=? id integer=4 a character varying(9)=k c date=?",
			"2 public.f id integer=2 aa character varying(9)=? c date=?",
		}
		if !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		steps, err := c.PlanTeardown(t.Context(), p.Capture)
		if err != nil {
			t.Fatal(err)
		}
		runSteps(t, c, steps)
	})
}
