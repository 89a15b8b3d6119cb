package lang

import (
	"slices"

	"github.com/syncform/syncform/providers/attr"
)

// ArgType is the type of an argument, in the words that messages and docs use.
type ArgType string

// The types of arguments.
const (
	text       ArgType = "text"
	wholeNum   ArgType = "whole number" // never negative
	boolean    ArgType = "true or false"
	texts      ArgType = "list of texts"
	textMap    ArgType = "map of texts"
	duration   ArgType = "duration"  // "5m", "5_minutes"
	size       ArgType = "size"      // "10GB", or bytes as a number
	cron       ArgType = "schedule"  // five fields, as cron's
	reference  ArgType = "reference" // source.postgresql.production
	references ArgType = "list of references"
	notifiers  ArgType = "list of notifiers" // notify.slack.x or "slack:#channel"
	address    ArgType = "address"           // sync.x.mapping["y"], not evaluated
	typeExpr   ArgType = "type"              // string, list(string), object({...})
	scalar     ArgType = "text, number, true, false or null"
	anyValue   ArgType = "any value"
	// later arguments are expressions that the block's own decoder evaluates.
	later ArgType = "expression"
)

// Argument is one argument of a block, as data.
type Argument struct {
	Name     string   `json:"name"`
	Type     ArgType  `json:"type"`
	Required bool     `json:"required,omitempty"`
	Default  string   `json:"default,omitempty"` // for people
	OneOf    []string `json:"one_of,omitempty"`  // the only values allowed
	Min      int64    `json:"min,omitempty"`     // of a whole number
	Max      int64    `json:"max,omitempty"`     // 0: none
	// Kinds of blocks that a reference may name.
	Kinds []string `json:"kinds,omitempty"`
	// Sensitive arguments are never shown; Marked ones may be given a sensitive value.
	Sensitive bool     `json:"sensitive,omitempty"`
	Marked    bool     `json:"marked,omitempty"`
	Conflicts []string `json:"conflicts,omitempty"`
	// Empty allows "" and empty lists.
	Empty bool   `json:"-"`
	Text  string `json:"text"` // one sentence for the docs
}

// Label is one label of a block.
type Label struct {
	Name  string   `json:"name"`
	OneOf []string `json:"one_of,omitempty"`
	Free  bool     `json:"free,omitempty"` // any text; else an identifier
}

// BlockSpec is a kind of block, as data: what the decoder checks against and what the
// docs are made from.
type BlockSpec struct {
	Name      string      `json:"name"`
	Labels    []Label     `json:"labels,omitempty"`
	Arguments []Argument  `json:"arguments,omitempty"`
	Blocks    []BlockSpec `json:"blocks,omitempty"`
	Many      bool        `json:"many,omitempty"` // may stand more than once in its parent
	Open      bool        `json:"open,omitempty"` // takes arguments of any name
	Text      string      `json:"text"`
	// literal blocks take no references and no functions.
	literal bool
}

// Blocks returns the blocks of the language, in the order of its reference page.
// Those of endpoints lack what their provider adds: EndpointSpec.
func Blocks() []BlockSpec {
	return []BlockSpec{
		settingsSpec, variableSpec, localsSpec, outputSpec, secretManagerSpec,
		endpointSpec(attr.Provider{}, Source), endpointSpec(attr.Provider{}, Target),
		syncSpec, schemaPolicySpec, conflictPolicySpec, notifySpec, monitoringSpec,
		migrationSpec, movedSpec, removedSpec,
	}
}

// EndpointSpec returns the source or target block of one provider.
func EndpointSpec(p attr.Provider, role Role) BlockSpec { return endpointSpec(p, role) }

// argument returns the argument of that name, or nil.
func (s *BlockSpec) argument(name string) *Argument {
	i := slices.IndexFunc(s.Arguments, func(a Argument) bool { return a.Name == name })
	if i < 0 {
		return nil
	}
	return &s.Arguments[i]
}

// block returns the nested block of that name, or nil.
func (s *BlockSpec) block(name string) *BlockSpec {
	i := slices.IndexFunc(s.Blocks, func(b BlockSpec) bool { return b.Name == name })
	if i < 0 {
		return nil
	}
	return &s.Blocks[i]
}

// names returns the names of arguments and of blocks.
func (s *BlockSpec) names() (arguments, blocks []string) {
	for _, a := range s.Arguments {
		arguments = append(arguments, a.Name)
	}
	for _, b := range s.Blocks {
		blocks = append(blocks, b.Name)
	}
	return arguments, blocks
}
