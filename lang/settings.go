package lang

import (
	"strings"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hcl/v2"
)

const defaultStatePath = "syncform.sfstate"

// backendArguments are the arguments of each backend.
var backendArguments = map[string][]Argument{
	"local": {
		{Name: "path", Type: text, Default: defaultStatePath, Text: "The state's file, from the configuration's folder."},
	},
	"postgresql": {
		{Name: "connection", Type: text, Sensitive: true, Text: "A URL. Left out, the environment has it as SF_BACKEND_CONNECTION, which keeps the password out of the file."},
	},
	"s3":     {{Name: "url", Type: text, Required: true, Text: "Where the state is kept: s3://bucket/key."}},
	"gcs":    {{Name: "url", Type: text, Required: true, Text: "Where the state is kept: gs://bucket/key."}},
	"azblob": {{Name: "url", Type: text, Required: true, Text: "Where the state is kept: azblob://container/key."}},
}

var backendTypes = []string{"local", "postgresql", "s3", "gcs", "azblob"}

var settingsSpec = BlockSpec{
	Name: "syncform",
	Arguments: []Argument{
		{Name: "required_version", Type: text, Text: `The versions of syncform that the configuration is for, such as ">= 0.1.0".`},
	},
	Blocks: []BlockSpec{{
		Name: "backend", Labels: []Label{{Name: "type", OneOf: backendTypes}},
		Text: "Where the state is kept. Takes literals only.", literal: true,
	}},
	Text:    "Settings. Takes literals only.",
	literal: true,
}

// BackendSpec returns the backend block of one type.
func BackendSpec(kind string) BlockSpec {
	spec := settingsSpec.Blocks[0]
	spec.Arguments = backendArguments[kind]
	return spec
}

// settings decodes the syncform blocks. It reports whether this version may go on.
func (l *loader) settings() bool {
	var backend *hcl.Block
	fits := true
	for _, b := range l.top {
		if b.Type != settingsSpec.Name {
			continue
		}
		blk := l.open(&settingsSpec, b, "syncform", env{})
		if want := get[string](blk, "required_version"); want != "" {
			l.cfg.RequiredVersion = strings.TrimPrefix(l.cfg.RequiredVersion+", "+want, ", ")
			fits = l.checkVersion(want, blk.Range("required_version")) && fits
		}
		for _, in := range blk.inner["backend"] {
			if backend != nil {
				l.report(errorAt(in.DefRange, sumDuplicate, "The backend is already at %s. The state is kept in one place.", place(backend.DefRange)))
				continue
			}
			backend = in
			l.backend(in)
		}
	}
	return fits
}

// checkVersion holds a constraint against the version of this binary. A build between
// releases, 0.1.0-dev, counts as the release that it becomes.
func (l *loader) checkVersion(want string, rng hcl.Range) bool {
	constraints, err := version.NewConstraint(want)
	if err != nil {
		l.report(errorAt(rng, sumValue, `required_version is a constraint such as ">= 0.1.0" or "~> 0.2"; %q is none.`, want))
		return true
	}
	have, err := version.NewVersion(l.opts.Version)
	if err != nil {
		return true
	}
	if !constraints.Check(have.Core()) {
		l.report(errorAt(rng, sumVersion, "The configuration asks for %s, and this is syncform %s. Install a version that fits, or change required_version.",
			want, l.opts.Version))
		return false
	}
	return true
}

// backend decodes the backend block.
func (l *loader) backend(b *hcl.Block) {
	kind := b.Labels[0]
	if !l.checkLabel(b, 0, Label{Name: "type", OneOf: backendTypes}) {
		return
	}
	spec := BackendSpec(kind)
	blk := l.open(&spec, b, "backend."+kind, env{})
	l.cfg.Backend = Backend{Block: blk.Block, Type: kind,
		Path: get[string](blk, "path"), Connection: get[string](blk, "connection"), URL: get[string](blk, "url")}
	l.secret(l.cfg.Backend.Connection)
	if kind == "local" && l.cfg.Backend.Path == "" {
		l.cfg.Backend.Path = defaultStatePath
	}
}
