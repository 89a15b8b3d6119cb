package view

import (
	"io"
	"strings"
	"time"

	"github.com/syncform/syncform/providers"
)

// BackupsFormat is the format_version of restore -list -json.
const BackupsFormat = "1.0"

// backupText says under which name a step copies what it destroys.
func backupText(b *providers.Backup) string {
	text := "copied first to " + Safe(b.Name)
	if b.Column == "" && b.Of.Rows > 0 {
		text += " (~" + Plural(b.Of.Rows, "row")
		if b.Of.Bytes > 0 {
			text += ", " + Bytes(b.Of.Bytes)
		}
		text += ")"
	}
	text += "; syncform restore brings it back"
	if len(b.Prunes) > 0 {
		text += "; by the policy's keep goes " + Safe(strings.Join(b.Prunes, ", "))
	}
	return text
}

// Backups lists backups, the newest first, as people read them.
func Backups(w io.Writer, p Paint, all []providers.BackupEntry, now time.Time) error {
	var b printer
	if len(all) == 0 {
		b.line("There are no backups.")
	}
	for _, e := range all {
		what := "table " + e.Of.Name.String()
		if e.Column != "" {
			what = "column " + e.Column + " of " + e.Of.Name.String()
		}
		size := Plural(e.Rows, "row")
		if e.Bytes >= 0 {
			size += ", " + Bytes(e.Bytes)
		}
		if !e.Done {
			size = "unfinished: what it copies is still in its place"
		}
		b.line("%s  %s", p.Bold(Safe(e.Name)), Safe(what))
		b.line("    %s; %s ago, %s, by %s, plan %s; %s", size, age(now.Sub(e.Taken)), e.Taken.UTC().Format(time.RFC3339), Safe(e.By), Safe(e.Plan), Safe(e.Endpoint))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// age words a duration by its greatest unit.
func age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return Plural(int64(max(0, d)/time.Second), "second")
	case d < time.Hour:
		return Plural(int64(d/time.Minute), "minute")
	case d < 48*time.Hour:
		return Plural(int64(d/time.Hour), "hour")
	}
	return Plural(int64(d/(24*time.Hour)), "day")
}

// BackupsDocument is the output of restore -list -json.
type BackupsDocument struct {
	FormatVersion string   `json:"format_version"`
	Backups       []Backup `json:"backups"`
}

// Backup is a copy that an apply made of what it destroyed.
type Backup struct {
	Name     string    `json:"name"`             // what restore takes
	Endpoint string    `json:"endpoint"`         // where it is kept: target.postgresql.dw
	Table    string    `json:"table"`            // that it is of
	Column   string    `json:"column,omitempty"` // that it is of; absent: the whole table
	Rows     int64     `json:"rows"`
	Bytes    int64     `json:"bytes"`
	TakenAt  time.Time `json:"taken_at"` // RFC 3339, UTC
	Addr     string    `json:"addr"`     // the mapping whose apply made it
	Plan     string    `json:"plan"`     // the id of the plan
	By       string    `json:"by"`       // who applied it
	Done     bool      `json:"done"`     // the copy is whole; false: nothing was taken away yet
}

// BackupsJSON writes backups with a format_version.
func BackupsJSON(w io.Writer, all []providers.BackupEntry) error {
	list := make([]Backup, len(all))
	for i, e := range all {
		list[i] = Backup{e.Name, e.Endpoint, e.Of.Name.String(), e.Column, e.Rows, e.Bytes, e.Taken.UTC(), e.Addr, e.Plan, e.By, e.Done}
	}
	return writeJSON(w, BackupsDocument{BackupsFormat, list})
}
