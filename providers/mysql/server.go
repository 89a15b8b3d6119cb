package mysql

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/syncform/syncform/providers/schema"
)

// server is what the dialect depends on, asked once when an endpoint is opened.
type server struct {
	system    schema.System
	version   string
	num       int    // major*10000 + minor*100 + patch
	charset   string // of the database
	collation string // of the database
	// collations gives the charset of each collation that the server knows.
	collations map[string]string
	// defaults gives the default collation of each charset.
	defaults map[string]string
	// foldNames says that table names are kept in lower case (lower_case_table_names = 1).
	foldNames bool
	// tinyInts says that tinyint(1) columns hold numbers, not bools.
	tinyInts bool

	mu sync.Mutex
	// without holds the settings that the user may not make.
	without map[string]bool
}

func (s *server) mariadb() bool { return s.system == schema.MariaDB }

// oldest supported versions; what is older lacks atomic DDL and half the catalogue.
const (
	oldestMySQL   = 80000
	oldestMariaDB = 100600
)

// askServer reads the facts over a new session.
func askServer(ctx context.Context, s *session) (*server, error) {
	rows, err := s.query(ctx, "SELECT VERSION(), @@character_set_database, @@collation_database, @@lower_case_table_names")
	if err != nil {
		return nil, err
	}
	f := &server{system: schema.MySQL, without: map[string]bool{}, version: rows[0][0], charset: rows[0][1], collation: rows[0][2], foldNames: rows[0][3] == "1"}
	if strings.Contains(strings.ToLower(f.version), "mariadb") {
		f.system = schema.MariaDB
	}
	f.num = versionNum(f.version)
	switch {
	case f.mariadb() && f.num < oldestMariaDB:
		return nil, fmt.Errorf("MariaDB %s is too old: 10.6 is the oldest that is supported", f.version)
	case !f.mariadb() && f.num < oldestMySQL:
		return nil, fmt.Errorf("MySQL %s is too old: 8.0 is the oldest that is supported", f.version)
	}
	rows, err = s.query(ctx, "SELECT COLLATION_NAME, CHARACTER_SET_NAME, IS_DEFAULT FROM information_schema.COLLATIONS WHERE COLLATION_NAME IS NOT NULL")
	if err != nil {
		return nil, err
	}
	f.collations, f.defaults = make(map[string]string, len(rows)), map[string]string{}
	for _, r := range rows {
		if r[1] == "" { // MariaDB's uca1400 collations go with several charsets
			for _, cs := range []string{"utf8mb3", "utf8mb4", "ucs2", "utf16", "utf32"} {
				f.collations[cs+"_"+r[0]] = cs
			}
			continue
		}
		f.collations[r[0]] = r[1]
		if strings.EqualFold(r[2], "Yes") {
			f.defaults[r[1]] = r[0]
		}
	}
	return f, nil
}

// versionNum reads 10.11.6-MariaDB-log as 101106.
func versionNum(version string) int {
	num := 0
	parts := strings.SplitN(version, ".", 3)
	for i := range 3 {
		n := 0
		if i < len(parts) {
			digits := leadingDigits(parts[i])
			n, _ = strconv.Atoi(digits) // no digits: 0
		}
		num = num*100 + n
	}
	return num
}

func leadingDigits(s string) string {
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	return s[:end]
}

// charsetOf gives the charset of a collation, whether this server knows it or not.
func (s *server) charsetOf(collation string) string {
	if cs, ok := s.collations[collation]; ok {
		return cs
	}
	cs, _, _ := strings.Cut(collation, "_")
	return cs
}

// binaryCollation is the collation by which two texts are equal only when every
// byte is: case, accents and trailing spaces count.
func (s *server) binaryCollation() string {
	for _, c := range []string{"utf8mb4_0900_bin", "utf8mb4_nopad_bin"} {
		if s.collations[c] != "" {
			return c
		}
	}
	return "utf8mb4_bin"
}

// foldingCollation ignores case as citext does, and nothing else that it can help.
func (s *server) foldingCollation() string {
	for _, c := range []string{"utf8mb4_0900_as_ci", "utf8mb4_uca1400_nopad_as_ci", "utf8mb4_unicode_520_nopad_ci"} {
		if s.collations[c] != "" {
			return c
		}
	}
	return "utf8mb4_unicode_520_ci"
}
