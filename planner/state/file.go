package state

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// FormatError is a state that can't be read: cut, empty, damaged or of a newer
// version of syncform. It is never overwritten.
type FormatError struct {
	Where  string // the file or row; "" where the caller says it
	Reason string // what is wrong
	Fix    string // what to do
}

func (e *FormatError) Error() string {
	s := e.Reason
	if e.Where != "" {
		s = e.Where + ": " + s
	}
	if e.Fix != "" {
		s += "; " + e.Fix
	}
	return s
}

// Encode writes a state as indented JSON, the form of the file and of state pull.
func Encode(s *State) ([]byte, error) {
	var b bytes.Buffer
	if err := encode(&b, s); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// encode writes one mapping at a time, so that memory does not grow with their number.
func encode(w io.Writer, s *State) error {
	around := *s
	around.Mappings = nil
	text, err := json.MarshalIndent(around, "", "  ")
	if err != nil {
		return fmt.Errorf("write the state as JSON: %w", err)
	}
	if len(s.Mappings) > 0 {
		lineage, err := json.Marshal(s.Lineage)
		if err != nil {
			return fmt.Errorf("write the state as JSON: %w", err)
		}
		head, rest, _ := bytes.Cut(text, append([]byte("\n  \"lineage\": "), lineage...))
		text = rest
		if _, err := fmt.Fprintf(w, "%s\n  \"lineage\": %s,\n  \"mappings\": [", head, lineage); err != nil {
			return err
		}
		for i := range s.Mappings {
			m, err := json.MarshalIndent(&s.Mappings[i], "    ", "  ")
			if err != nil {
				return fmt.Errorf("write the state as JSON: %w", err)
			}
			before := ",\n    "
			if i == 0 {
				before = before[1:]
			}
			if _, err := io.WriteString(w, before); err != nil {
				return err
			}
			if _, err := w.Write(m); err != nil {
				return err
			}
		}
		text = append([]byte("\n  ]"), text...)
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// Decode reads a state strictly: a newer format, an unknown field, a cut or damaged
// text, and one without lineage are *FormatError.
func Decode(b []byte) (*State, error) {
	if len(bytes.TrimSpace(b)) == 0 {
		return nil, &FormatError{Reason: "the state is empty, so it was cut"}
	}
	var head struct {
		FormatVersion *int   `json:"format_version"`
		Version       string `json:"syncform_version"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, &FormatError{Reason: "the state is damaged: " + jsonReason(b, err)}
	}
	switch {
	case head.FormatVersion == nil:
		return nil, &FormatError{Reason: "this is not a state of syncform: it has no format_version"}
	case *head.FormatVersion > FormatVersion:
		return nil, &FormatError{
			Reason: fmt.Sprintf("the state has format %d, written by syncform %s; this one reads up to format %d", *head.FormatVersion, head.Version, FormatVersion),
			Fix:    "use that version of syncform, or a newer one",
		}
	case *head.FormatVersion < 1:
		return nil, &FormatError{Reason: fmt.Sprintf("the state has the unknown format %d", *head.FormatVersion)}
	}
	var s State
	if err := s.decode(bytes.NewReader(b)); err != nil {
		return nil, &FormatError{Reason: "the state is damaged: " + jsonReason(b, err)}
	}
	return &s, s.check()
}

// decodeFrom is Decode without the whole text in memory, unless something is wrong with it.
func decodeFrom(f io.ReadSeeker) (*State, error) {
	var s State
	if s.decode(f) == nil && s.FormatVersion == FormatVersion && s.check() == nil {
		return &s, nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	return Decode(b)
}

// decode reads one mapping at a time, so that what equal ones share is shared at once.
func (s *State) decode(r io.Reader) error {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	d.UseNumber() // outputs keep every digit
	fields := map[string]any{
		"format_version": &s.FormatVersion, "syncform_version": &s.Version, "serial": &s.Serial, "lineage": &s.Lineage,
		"streams": &s.Streams, "outputs": &s.Outputs, "running": &s.Running, "applied": &s.Applied,
	}
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return cmp.Or(err, errors.New("it is no object"))
	}
	parts := newShared()
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		if name != "mappings" {
			to, known := fields[name.(string)]
			if !known {
				return fmt.Errorf("json: unknown field %q", name)
			}
			if err := d.Decode(to); err != nil {
				return err
			}
			continue
		}
		if open, err := d.Token(); err != nil || open != json.Delim('[') {
			return cmp.Or(err, errors.New("its mappings are no list"))
		}
		for d.More() {
			var m Mapping
			if err := d.Decode(&m); err != nil {
				return err
			}
			parts.share(&m)
			s.Mappings = append(s.Mappings, m)
		}
		if _, err := d.Token(); err != nil { // ]
			return err
		}
	}
	if _, err := d.Token(); err != nil { // }
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return cmp.Or(err, errors.New("more stands behind its end"))
	}
	return nil
}

// check looks for what no state that syncform wrote can be.
func (s *State) check() error {
	if s.Lineage == "" {
		return &FormatError{Reason: "the state is damaged: it has no lineage"}
	}
	seen := make(map[string]bool, len(s.Mappings))
	for _, m := range s.Mappings {
		if m.Addr == "" {
			return &FormatError{Reason: "the state is damaged: a mapping has no address"}
		}
		if seen[m.Addr] {
			return &FormatError{Reason: "the state is damaged: it holds " + m.Addr + " twice"}
		}
		seen[m.Addr] = true
		switch m.Status {
		case Creating, Emptying, Loading, Loaded:
		default:
			return &FormatError{Reason: fmt.Sprintf("the state is damaged: %s has the unknown status %q", m.Addr, m.Status)}
		}
	}
	return nil
}

// jsonReason says in people's words where reading stopped.
func jsonReason(b []byte, err error) string {
	var syntax *json.SyntaxError
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &syntax) && syntax.Offset >= int64(len(bytes.TrimRight(b, " \t\r\n"))) {
		return fmt.Sprintf("it ends in the middle, after %d bytes", len(b))
	}
	if errors.As(err, &syntax) {
		return fmt.Sprintf("line %d is not JSON (%s)", 1+bytes.Count(b[:syntax.Offset], []byte("\n")), syntax)
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return "this version of syncform does not know its field " + field
	}
	return err.Error()
}
