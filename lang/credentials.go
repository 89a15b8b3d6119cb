package lang

import (
	"github.com/zclconf/go-cty/cty"
)

var credentialTypes = []string{"secret_manager", "env", "file", "static"}

var credentialsSpec = BlockSpec{
	Name: "credentials",
	Arguments: []Argument{
		{Name: "type", Type: text, Required: true, OneOf: credentialTypes, Text: "Where user and password are."},
		{Name: "manager", Type: reference, Kinds: []string{"secret_manager"}, Text: "The secret manager; may be left out where there is one."},
		{Name: "path", Type: text, Text: "secret_manager: the secret's path. env: what the variables' names begin with: PATH_USERNAME, PATH_PASSWORD. file: a JSON file, from the configuration's folder."},
		{Name: "username", Type: text, Marked: true, Sensitive: true, Text: "static: the user."},
		{Name: "password", Type: text, Marked: true, Sensitive: true, Empty: true, Text: "static: the password."},
	},
	Text: "User and password. A JSON secret holds username and password and, if there, host, port and database.",
}

// credentialArguments says which arguments each type takes; true: it needs it.
var credentialArguments = map[string]map[string]bool{
	"secret_manager": {"manager": false, "path": true},
	"env":            {"path": true},
	"file":           {"path": true},
	"static":         {"username": true, "password": false},
}

// credentials decodes an endpoint's credentials block; nil where it has none.
func (l *loader) credentials(endpoint *blk) *Credentials {
	blk := endpoint.one("credentials")
	if blk == nil {
		return nil
	}
	c := &Credentials{Block: blk.Block, Type: get[string](blk, "type"), Manager: get[string](blk, "manager"),
		Path: get[string](blk, "path"), Username: get[cty.Value](blk, "username"), Password: get[cty.Value](blk, "password")}
	takes, ok := credentialArguments[c.Type]
	if !ok {
		return c
	}
	for _, name := range []string{"manager", "path", "username", "password"} {
		needed, taken := takes[name]
		switch {
		case blk.set[name] && !taken:
			l.report(errorAt(blk.Range(name), sumConflict, "Credentials of type %q take no %s. Take it out, or change the type.", c.Type, name))
		case !blk.set[name] && needed:
			l.report(errorAt(blk.DeclRange, sumMissingArg, "Credentials of type %q need the argument %s.", c.Type, name))
		}
	}
	if c.Type == "secret_manager" && !blk.set["manager"] {
		c.Manager = l.onlySecretManager(blk)
	}
	return c
}

// onlySecretManager returns the address of the one secret manager there is.
func (l *loader) onlySecretManager(blk *blk) string {
	var addrs []string
	for _, a := range l.scope.addrs {
		if l.scope.nodes[a].kind == "secret_manager" {
			addrs = append(addrs, a)
		}
	}
	if len(addrs) == 1 {
		return addrs[0]
	}
	why := "there is none. Write a secret_manager block"
	if len(addrs) > 1 {
		why = "there are several. Write manager = " + addrs[0] + ", or another"
	}
	l.report(errorAt(blk.DeclRange, sumMissingArg, "manager may be left out where there is one secret_manager block; %s.", why))
	return ""
}
