package plan

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// magic begins every plan file: a line that says what it is, one that says how to
// read and check the rest, then the plan as gzipped JSON.
const magic = "syncform plan\n"

// header is the second line of a plan file.
type header struct {
	FormatVersion string `json:"format_version"`
	Version       string `json:"syncform_version"`
	Size          int    `json:"size"`   // of the rest, in bytes
	SHA256        string `json:"sha256"` // of the rest
}

// FileError is a plan file that can't be used: none at all, cut, changed, or of a
// newer format.
type FileError struct {
	Path   string // "" where the caller says it
	Reason string
}

func (e *FileError) Error() string {
	if e.Path == "" {
		return e.Reason
	}
	return e.Path + ": " + e.Reason
}

// IsFile reports whether these first bytes are those of a plan file.
func IsFile(b []byte) bool { return bytes.HasPrefix(b, []byte(magic)) }

// WriteFile writes a plan so that a crash leaves either the whole file or what was
// there before. Only its owner may read it: it holds no secret, but names and
// defaults of the databases.
func WriteFile(path string, p *Plan) (err error) {
	b, err := Encode(p)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp") // mode 0600
	if err != nil {
		return fmt.Errorf("write the plan file: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("write the plan file: %w", err), os.Remove(f.Name()))
		}
	}()
	if _, err := f.Write(b); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// ReadFile reads what WriteFile wrote. A file that is not that, byte for byte, is a
// *FileError.
func ReadFile(path string) (*Plan, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the plan file: %w", err)
	}
	p, err := Decode(b)
	var fe *FileError
	if errors.As(err, &fe) {
		fe.Path = path
	}
	return p, err
}

// Encode gives the content of a plan file.
func Encode(p *Plan) ([]byte, error) {
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	enc := json.NewEncoder(z)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(p); err != nil {
		return nil, fmt.Errorf("write the plan as JSON: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("compress the plan: %w", err)
	}
	sum := sha256.Sum256(body.Bytes())
	head, err := json.Marshal(header{FormatVersion: p.FormatVersion, Version: p.Version, Size: body.Len(), SHA256: hex.EncodeToString(sum[:])})
	if err != nil {
		return nil, fmt.Errorf("write the plan's header: %w", err)
	}
	return append(append(append([]byte(magic), head...), '\n'), body.Bytes()...), nil
}

// Decode reads the content of a plan file.
func Decode(b []byte) (*Plan, error) {
	if !IsFile(b) {
		return nil, &FileError{Reason: "this is not a plan file; syncform plan -out writes one"}
	}
	line, body, ok := bytes.Cut(b[len(magic):], []byte("\n"))
	var h header
	if !ok || json.Unmarshal(line, &h) != nil {
		return nil, &FileError{Reason: "the plan file is cut or damaged; make a new plan"}
	}
	if newerMajor(h.FormatVersion) {
		return nil, &FileError{Reason: fmt.Sprintf("the plan file has format %s, written by syncform %s; this one reads format %s. Make a new plan, or use that version of syncform", h.FormatVersion, h.Version, FormatVersion)}
	}
	if len(body) < h.Size {
		return nil, &FileError{Reason: fmt.Sprintf("the plan file is cut: %d of %d bytes are there; make a new plan", len(body), h.Size)}
	}
	sum := sha256.Sum256(body)
	if len(body) > h.Size || hex.EncodeToString(sum[:]) != h.SHA256 {
		return nil, &FileError{Reason: "the plan file was changed since it was written, so it is not what was approved; make a new plan"}
	}
	return decodeBody(body, h)
}

func decodeBody(body []byte, h header) (*Plan, error) {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, &FileError{Reason: "the plan file is damaged: " + err.Error()}
	}
	d := json.NewDecoder(z)
	d.UseNumber() // outputs keep every digit
	var p Plan
	if err := d.Decode(&p); err != nil {
		return nil, &FileError{Reason: "the plan file is damaged: " + err.Error()}
	}
	if _, err := io.Copy(io.Discard, z); err != nil {
		return nil, &FileError{Reason: "the plan file is damaged: " + err.Error()}
	}
	if p.FormatVersion != h.FormatVersion || p.Version != h.Version {
		return nil, &FileError{Reason: "the plan file was changed since it was written, so it is not what was approved; make a new plan"}
	}
	return &p, p.Validate()
}

// newerMajor reports whether the version's major part is not this one's, or is none.
func newerMajor(v string) bool {
	major, _, _ := strings.Cut(v, ".")
	ours, _, _ := strings.Cut(FormatVersion, ".")
	n, err := strconv.Atoi(major)
	return err != nil || strconv.Itoa(n) != ours
}
