package lang

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// secretManagerArguments are the arguments of each type of secret manager.
var secretManagerArguments = map[string][]Argument{
	"vault": {
		{Name: "address", Type: text, Required: true, Marked: true, Text: "The server's URL."},
		{Name: "namespace", Type: text, Marked: true, Text: "Its namespace."},
		{Name: "mount", Type: text, Marked: true, Default: "secret", Text: "The mount of the KV engine."},
		{Name: "token", Type: text, Marked: true, Sensitive: true, Text: "The token; left out, the environment has it as VAULT_TOKEN."},
		{Name: "ca_file", Type: text, Marked: true, Text: "The certificate authority of the server."},
	},
	"aws": {
		{Name: "region", Type: text, Marked: true, Text: "The region; left out, as the AWS tools find it."},
		{Name: "profile", Type: text, Marked: true, Text: "The profile of the AWS tools."},
		{Name: "endpoint", Type: text, Marked: true, Text: "Another endpoint, such as an emulator's."},
	},
	"gcp": {
		{Name: "project", Type: text, Marked: true, Text: "The project; left out, as the Google tools find it."},
		{Name: "endpoint", Type: text, Marked: true, Text: "Another endpoint, such as an emulator's."},
	},
	"azure": {
		{Name: "url", Type: text, Required: true, Marked: true, Text: "The key vault's URL."},
	},
	"file": {
		{Name: "path", Type: text, Marked: true, Default: ".", Text: "The folder that the paths of credentials start from, itself from the configuration's folder."},
	},
	"env": {
		{Name: "prefix", Type: text, Marked: true, Text: "What the names of the environment variables begin with."},
	},
	"exec": {
		{Name: "command", Type: texts, Required: true, Marked: true, Text: "The program and its arguments; it is given the path and writes the JSON secret."},
	},
}

var secretManagerTypes = []string{"vault", "aws", "gcp", "azure", "file", "env", "exec"}

var secretManagerSpec = BlockSpec{
	Name:   "secret_manager",
	Labels: []Label{{Name: "type", OneOf: secretManagerTypes}, {Name: "name"}},
	Text:   "Where credentials are kept.",
}

// SecretManagerSpec returns the secret_manager block of one type.
func SecretManagerSpec(kind string) BlockSpec {
	spec := secretManagerSpec
	spec.Arguments = secretManagerArguments[kind]
	return spec
}

// secretManager decodes a secret_manager block.
func (l *loader) secretManager(b *hcl.Block, addr string) {
	spec := SecretManagerSpec(b.Labels[0])
	blk := l.open(&spec, b, addr, env{})
	l.cfg.SecretManagers = append(l.cfg.SecretManagers,
		&SecretManager{Block: blk.Block, Type: b.Labels[0], Name: b.Labels[1], Attrs: blk.ctyValues()})
}

// ctyValues returns the arguments that were kept as cty.
func (b *blk) ctyValues() map[string]cty.Value {
	out := map[string]cty.Value{}
	for name, v := range b.vals {
		if c, ok := v.(cty.Value); ok {
			out[name] = c
		}
	}
	return out
}
