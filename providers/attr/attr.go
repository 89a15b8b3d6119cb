// Package attr describes configuration attributes as plain data, so that
// validate can check a provider's block without the provider and the docs can
// be made from it.
package attr

// Type of an attribute's value.
type Type string

// The types an attribute can have.
const (
	String     Type = "string"
	Int        Type = "int"
	Bool       Type = "bool"
	StringList Type = "list(string)"
	StringMap  Type = "map(string)"
	Endpoint   Type = "endpoint" // a reference to a source or target block
	Any        Type = "any"
)

// Attribute is one argument of a block.
type Attribute struct {
	Name      string   `json:"name"`
	Type      Type     `json:"type"`
	Required  bool     `json:"required,omitempty"`
	Sensitive bool     `json:"sensitive,omitempty"`
	Default   string   `json:"default,omitempty"` // for people; the provider applies it
	OneOf     []string `json:"one_of,omitempty"`  // the only values allowed
	Conflicts []string `json:"conflicts,omitempty"`
	Text      string   `json:"text"` // one sentence for the docs
}

// Block is a nested block of a provider, at most one of each.
type Block struct {
	Name       string      `json:"name"`
	Attributes []Attribute `json:"attributes"`
	Text       string      `json:"text"`
}

// Provider is what the language needs to know of a provider.
type Provider struct {
	Name       string      `json:"name"` // the block's first label: postgresql, mysql, sqlite, ...
	Source     bool        `json:"source"`
	Target     bool        `json:"target"`
	Available  bool        `json:"available"` // false: in the language, not in this build yet
	Attributes []Attribute `json:"attributes"`
	Blocks     []Block     `json:"blocks,omitempty"`
	Text       string      `json:"text"`
}
