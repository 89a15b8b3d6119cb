package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// changeKinds lists one value of each Change, for decoding by name.
var changeKinds = []Change{
	AddSchema{}, AddExtension{}, AddComposed{}, AddEnum{}, ModifyEnum{}, AddDomain{}, AddSequence{}, OwnSequence{},
	AddTable{}, DropTable{}, RenameTable{}, ModifyTable{},
	AddColumn{}, DropColumn{}, ModifyColumn{}, RenameColumn{},
	AddPrimaryKey{}, DropPrimaryKey{}, AddUnique{}, DropUnique{}, AddIndex{}, DropIndex{},
	AddForeignKey{}, DropForeignKey{}, AddCheck{}, DropCheck{}, AddExclusion{}, DropExclusion{},
	DropSchema{}, DropEnum{}, ModifyDomain{}, DropDomain{}, ModifySequence{}, DropSequence{},
	RenameIndex{}, RenameConstraint{}, SetComment{}, SetStorage{}, SetMarks{}, AttachPartition{}, DetachPartition{}, DropPartition{},
	AddAside{}, ReplaceRows{}, RestoreRows{}, EmptyTable{}, AdvanceSequences{},
}

// Changes gives one value of each kind of change.
func Changes() []Change { return slices.Clone(changeKinds) }

// ChangeKind names a change as the plan file and -json do: add_table, drop_column, ...
func ChangeKind(c Change) string {
	var b strings.Builder
	for i, r := range reflect.TypeOf(c).Name() {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// MarshalChange writes {"kind": "add_column", ...the change's own fields}.
func MarshalChange(c Change) ([]byte, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	out := []byte(`{"kind":"` + ChangeKind(c) + `"`)
	if len(body) > 2 {
		out = append(out, ',')
	}
	return append(out, body[1:]...), nil
}

// UnmarshalChange reads what MarshalChange wrote; an unknown kind or field is an error.
func UnmarshalChange(data []byte) (Change, error) {
	var head map[string]json.RawMessage
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, err
	}
	var kind string
	if err := json.Unmarshal(head["kind"], &kind); err != nil {
		return nil, fmt.Errorf("change without a kind: %w", err)
	}
	delete(head, "kind")
	for _, c := range changeKinds {
		if ChangeKind(c) != kind {
			continue
		}
		body, err := json.Marshal(head)
		if err != nil {
			return nil, err
		}
		v := reflect.New(reflect.TypeOf(c))
		d := json.NewDecoder(bytes.NewReader(body))
		d.DisallowUnknownFields()
		if err := d.Decode(v.Interface()); err != nil {
			return nil, fmt.Errorf("change %s: %w", kind, err)
		}
		return v.Elem().Interface().(Change), nil
	}
	return nil, fmt.Errorf("unknown change %q", kind)
}
