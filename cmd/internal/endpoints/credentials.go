package endpoints

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/providers"
)

// secret is what a credentials block leads to. Host, port and database count only
// where the endpoint's own block does not say them.
type secret struct {
	Username, Password, Host, Database string
	Port                               int64
}

// resolve fills in an endpoint's user, password and what else its secret holds.
// Errors say where it looked, never what it found.
func (o Options) resolve(cfg *lang.Config, c *lang.Credentials, into *providers.Config) error {
	s, err := o.lookUp(cfg, c)
	if err != nil {
		return err
	}
	o.Secrets.Add(s.Password)
	into.Username, into.Password = s.Username, s.Password
	for name, v := range map[string]any{"host": s.Host, "database": s.Database, "port": s.Port} {
		if _, said := into.Attrs[name]; !said && v != "" && v != int64(0) {
			if _, whole := into.Attrs["connection"]; !whole {
				into.Attrs[name] = v
			}
		}
	}
	return nil
}

func (o Options) lookUp(cfg *lang.Config, c *lang.Credentials) (secret, error) {
	switch c.Type {
	case "static":
		return secret{Username: text(c.Username), Password: text(c.Password)}, nil
	case "env":
		return o.fromEnv(c.Path)
	case "file":
		return o.fromFile(cfg, c.Path)
	case "secret_manager":
		return o.fromManager(cfg, c)
	}
	return secret{}, fmt.Errorf("credentials of type %q can't be read by this version", c.Type)
}

// text gives a string's value, "" where there is none.
func text(v cty.Value) string {
	s, _ := lang.Plain(v).(string)
	return s
}

// fromEnv reads PATH_USERNAME and PATH_PASSWORD.
func (o Options) fromEnv(path string) (secret, error) {
	user, okUser := o.Env(path + "_USERNAME")
	password, okPassword := o.Env(path + "_PASSWORD")
	if !okUser {
		return secret{}, fmt.Errorf("the environment variable %s_USERNAME is not set (and %s_PASSWORD is read beside it)", path, path)
	}
	if !okPassword {
		return secret{}, fmt.Errorf("the environment variable %s_PASSWORD is not set; set it to the empty string where there is no password", path)
	}
	return secret{Username: user, Password: password}, nil
}

// fromFile reads a JSON file; a relative path starts at the configuration's folder.
func (o Options) fromFile(cfg *lang.Config, path string) (secret, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(cfg.Dir, path)
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return secret{}, fmt.Errorf("the credentials file %s does not exist", path)
	}
	if err != nil {
		return secret{}, fmt.Errorf("read the credentials file: %w", err)
	}
	s, err := parse(b)
	if err != nil {
		return secret{}, fmt.Errorf("the credentials file %s: %w", path, err)
	}
	return s, nil
}

// fromManager asks the secret_manager block: type env holds the JSON secret in a
// variable named after the path, type file in a file of that path.
func (o Options) fromManager(cfg *lang.Config, c *lang.Credentials) (secret, error) {
	var m *lang.SecretManager
	for _, sm := range cfg.SecretManagers {
		if sm.Addr == c.Manager {
			m = sm
		}
	}
	if m == nil {
		return secret{}, fmt.Errorf("there is no %s", c.Manager)
	}
	switch m.Type {
	case "env":
		name := text(m.Attrs["prefix"]) + c.Path
		v, ok := o.Env(name)
		if !ok {
			return o.fromEnv(name)
		}
		s, err := parse([]byte(v))
		if err != nil {
			return secret{}, fmt.Errorf("%s: the environment variable %s: %w", m.Addr, name, err)
		}
		return s, nil
	case "file":
		return o.fromFile(cfg, filepath.Join(text(m.Attrs["path"]), c.Path))
	}
	return secret{}, fmt.Errorf("%s: secrets of type %q can't be read by this version", m.Addr, m.Type)
}

// parse reads a JSON secret: username, password and, if there, host, port, database.
// Other members are left alone: secrets are shared with other programs.
func parse(b []byte) (secret, error) {
	var j struct {
		Username string          `json:"username"`
		User     string          `json:"user"`
		Password string          `json:"password"`
		Host     string          `json:"host"`
		Database string          `json:"database"`
		Port     json.RawMessage `json:"port"`
	}
	if err := json.Unmarshal(b, &j); err != nil {
		return secret{}, fmt.Errorf("it is not a JSON object with username and password as strings") // the cause would quote the secret
	}
	s := secret{Username: j.Username, Password: j.Password, Host: j.Host, Database: j.Database}
	if s.Username == "" {
		s.Username = j.User
	}
	if s.Username == "" {
		return secret{}, fmt.Errorf("it holds no username")
	}
	if port := strings.Trim(string(j.Port), `"`); port != "" && port != "null" {
		n, err := strconv.ParseInt(port, 10, 32)
		if err != nil {
			return secret{}, fmt.Errorf("its port is not a number")
		}
		s.Port = n
	}
	return s, nil
}
