package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	gomysql "github.com/go-sql-driver/mysql"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
)

// numbers yields batches of rows (id, text) and calls between before each but the first.
type numbers struct {
	rows, at int
	between  func()
}

func (n *numbers) Form() row.Form { return row.FormFields }
func (n *numbers) Close() error   { return nil }
func (n *numbers) Next(context.Context) (*row.Batch, error) {
	if n.at == n.rows {
		return nil, io.EOF
	}
	if n.at > 0 && n.between != nil {
		n.between()
	}
	b := row.NewBatch(2)
	for range min(1000, n.rows-n.at) {
		b.Append(fmt.Append(nil, n.at))
		b.Append([]byte(strings.Repeat("x", 3000)))
		b.EndRow()
		n.at++
	}
	return b, nil
}

// A connection that breaks in the middle of a chunk leaves nothing of it, is worth
// another try, and the same writer then writes it; a chunk that is done is not written
// twice.
func TestLostConnection(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		providertest.Exec(t, url, "CREATE TABLE t (id int primary key, v longtext)")
		c := connectTo(t, url)
		l, _ := wholeTable(t, c, "t")
		if _, err := c.OpenLoad(t.Context(), l, func() ([]providers.Chunk, error) { return []providers.Chunk{{}}, nil }); err != nil {
			t.Fatal(err)
		}
		w, err := c.OpenWriter(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		for try := range 3 {
			src := &numbers{rows: 4000, between: func() {
				if id := w.(*tableWriter).session.id; try < 2 {
					providertest.Exec(t, url, "KILL "+id)
				}
			}}
			if try == 1 { // between chunks
				src.between = nil
				providertest.Exec(t, url, "KILL "+reopened(t, w.(*tableWriter)).id)
			}
			n, err := w.WriteChunk(t.Context(), providers.Chunk{}, src)
			switch {
			case try == 0 && !providers.IsRetryable(err):
				t.Fatalf("try %d: %v is not worth another try", try, err)
			case try == 1 && err != nil && !providers.IsRetryable(err):
				t.Fatalf("try %d: %v", try, err)
			case try == 2 && !errors.Is(err, providers.ErrChunkDone) && (err != nil || n.Rows != 4000):
				t.Fatalf("try %d: %v rows, %v", try, n.Rows, err)
			}
		}
		if n := providertest.Query(t, url, "SELECT COUNT(*) FROM t")[0][0]; n != "4000" {
			t.Errorf("%s rows, want 4000", n)
		}
		if _, err := w.WriteChunk(t.Context(), providers.Chunk{}, &numbers{rows: 1}); !errors.Is(err, providers.ErrChunkDone) {
			t.Errorf("a chunk that is done: %v", err)
		}
	})
}

// reopened gives the writer's session, opened anew if it is gone.
func reopened(t *testing.T, w *tableWriter) *session {
	t.Helper()
	if w.session == nil || !w.session.alive() {
		if err := w.open(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return w.session
}

// Errors are told apart by what can be done about them.
func TestClassify(t *testing.T) {
	server := func(n uint16, text string) error {
		return fmt.Errorf("around: %w", &gomysql.MySQLError{Number: n, Message: text})
	}
	for _, c := range []struct {
		err       error
		retryable bool
		is        error
	}{
		{server(1205, "Lock wait timeout exceeded"), true, nil}, {server(1213, "Deadlock found"), true, nil}, {server(1040, "Too many connections"), true, nil}, {server(1927, "Connection was killed"), true, nil},
		{server(1114, "The table 't' is full"), false, providers.ErrDiskFull}, {server(1030, `Got error 28 "No space left on device" from storage engine InnoDB`), false, providers.ErrDiskFull}, {server(3, "Error writing file '/tmp/x' (Errcode: 28 - No space)"), false, providers.ErrDiskFull},
		{server(1142, "INSERT command denied"), false, providers.ErrPrivilege}, {server(1290, "--read-only"), false, providers.ErrReadOnly}, {server(1064, "syntax"), false, nil},
		{driver.ErrBadConn, true, nil}, {gomysql.ErrInvalidConn, true, nil}, {fmt.Errorf("x: %w", io.ErrUnexpectedEOF), true, nil}, {context.Canceled, false, context.Canceled}, {errors.New("other"), false, nil},
	} {
		got := classify(c.err)
		if providers.IsRetryable(got) != c.retryable || c.is != nil && !errors.Is(got, c.is) {
			t.Errorf("%v became %v, retryable %v", c.err, got, providers.IsRetryable(got))
		}
	}
}

func TestColumnOf(t *testing.T) {
	columns := []string{"a", "ab", "it's", "co`lumn", "column a"}
	for message, want := range map[string]string{
		"Data too long for column 'ab' at row 1": "ab", "Incorrect string value: 'for column 'a'' for column 'it's' at row 1": "it's", "Incorrect uuid value: 'x' for column `db`.`t`.`a` at row 1": "a",
		"Out of range value for column 'column a' at row 3": "column a", "Column 'a' cannot be null": "a", "Incorrect integer value: '' for column `d`.`t`.`co`lumn` at row 1": "co`lumn", "Something else": "", "column 'zz'": "",
		`Invalid JSON text: "Invalid value." at position 1 in value for column 't.ab'.`: "ab",
	} {
		if got := columnOf(message, columns); got != want {
			t.Errorf("%s: %q, want %q", message, got, want)
		}
	}
}

func TestIsNumber(t *testing.T) {
	for text, want := range map[string]bool{
		"0": true, "-1": true, "007": true, "1.50": true, "-0.0": true, "1e+20": true, "3.4028234663852886e+38": true, "5E-324": true,
		"": false, "-": false, "--1": false, "1-1": false, "1.": false, ".5": false, "1e": false, "1e+": false, "1 ": false, "0x1": false, "NaN": false, "1;2": false, "1,2": false, "1e5.0": false,
	} {
		if got := isNumber([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
