package lang

import (
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/providers/attr"
)

// Options are what Load needs besides the folder.
type Options struct {
	Dir       string                   // "": the working directory
	Version   string                   // of this binary, for required_version; "" passes every constraint
	Providers map[string]attr.Provider // by name; those not Available are refused in one sentence
	VarFiles  []string                 // -var-file, in order
	Vars      []string                 // -var name=value, in order with VarFiles; they win over files
	Env       func(string) (string, bool)
	// AllowMissing makes variables without a value and environment variables that are not
	// set unknown instead of an error: for validate, which checks what can be checked.
	// The Config is then good for nothing else.
	AllowMissing bool
}

// Load reads, evaluates and checks the configuration. The Config is nil when the
// diagnostics have errors that leave nothing to go on with; else it has at least
// Files. With errors it must not be used for anything but showing them.
func Load(o Options) (*Config, hcl.Diagnostics) {
	l := newLoader(o)
	files, ok := l.readFolder()
	if !ok {
		if len(l.cfg.Files) == 0 {
			return nil, l.sorted()
		}
		return l.cfg, l.sorted()
	}
	l.collect(files)
	if !l.settings() {
		// What else seems wrong may be right in the version that is asked for.
		l.diags = slices.DeleteFunc(l.diags, func(d *hcl.Diagnostic) bool { return d.Summary != sumVersion })
		return l.cfg, l.sorted()
	}
	l.declare()
	l.evaluateLocals()
	l.checkVariables()
	l.decode()
	l.outputs()
	l.check()
	l.notYet()
	l.blankSensitive()
	if !l.diags.HasErrors() {
		l.cfg.Hash = hashOf(l.cfg)
	}
	return l.cfg, l.sorted()
}

// loader is one run of Load.
type loader struct {
	opts         Options
	cfg          *Config
	diags        hcl.Diagnostics
	scope        *scope
	top          []*hcl.Block         // the top-level blocks in order
	first        map[string]hcl.Range // where each address was declared
	locals       []*node              //
	decoders     []func()             // of the blocks, in order
	outputBlocks []*hcl.Block
	afterSyncs   []func()               // checks that need every sync decoded
	left         map[string]hcl.Range   // addresses that moved and removed blocks are of
	vars         map[string]*variable   //
	syncs        map[string]*syncDecl   // by address without element
	secrets      map[string]struct{}    // texts that must not be shown
	hidden       map[string][]hcl.Range // literals of sensitive arguments, by file
}

func newLoader(o Options) *loader {
	dir := filepath.Clean(o.Dir) // "" is "."
	if o.Env == nil {
		o.Env = os.LookupEnv
	}
	l := &loader{
		opts: o,
		cfg: &Config{Dir: dir, Files: map[string]*hcl.File{},
			Backend: Backend{Block: Block{Addr: "backend.local"}, Type: "local", Path: defaultStatePath}},
		first:   map[string]hcl.Range{},
		vars:    map[string]*variable{},
		syncs:   map[string]*syncDecl{},
		left:    map[string]hcl.Range{},
		secrets: map[string]struct{}{},
		hidden:  map[string][]hcl.Range{},
	}
	l.scope = &scope{nodes: map[string]*node{}, report: func(d ...*hcl.Diagnostic) { l.report(d...) }, scrub: l.scrub}
	l.scope.funcs = l.functions()
	return l
}

// report keeps diagnostics.
func (l *loader) report(diags ...*hcl.Diagnostic) {
	l.diags = append(l.diags, diags...)
}

// sorted returns the diagnostics in the order of their places, errors and warnings
// alike, without repetitions: a block with for_each is checked once per element.
func (l *loader) sorted() hcl.Diagnostics {
	type key struct{ summary, detail, at string }
	seen := map[key]bool{}
	var out hcl.Diagnostics
	for _, d := range l.diags {
		k := key{d.Summary, d.Detail, d.Subject.String()}
		if !seen[k] {
			seen[k] = true
			out = append(out, d)
		}
	}
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i].Subject, out[j].Subject
		if a.Filename != b.Filename {
			return a.Filename < b.Filename
		}
		return a.Start.Byte < b.Start.Byte
	})
	return out
}

// once reports an address that was declared before; it says whether this is the
// first.
func (l *loader) once(addr string, rng hcl.Range) bool {
	if at, ok := l.first[addr]; ok {
		l.report(errorAt(rng, sumDuplicate, "%s is already declared at %s. Take one of them out, or give it another name.", addr, place(at)))
		return false
	}
	l.first[addr] = rng
	return true
}

// secret remembers a text that must not be shown.
func (l *loader) secret(s string) {
	if s != "" {
		l.secrets[s] = struct{}{}
	}
}

// scrub takes sensitive texts out of what HCL or a function said. Those under four
// bytes are left: they would take out parts of ordinary words, and functions do not
// quote sensitive arguments at all.
func (l *loader) scrub(s string) string {
	for secret := range l.secrets {
		if len(secret) >= 4 && strings.Contains(s, secret) {
			s = strings.ReplaceAll(s, secret, "(sensitive value)")
		}
	}
	return s
}
