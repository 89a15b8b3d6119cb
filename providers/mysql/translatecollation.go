package mysql

import "strings"

// collation gives the nearest charset and collation that this server knows. What is
// equal under the one should be equal under the other, as unique keys rest on it.
func (tr *translation) collation(object, charset, collation string) (string, string) {
	s := tr.server
	if s.collations[collation] != "" {
		return s.collations[collation], collation
	}
	for _, c := range s.nearest(collation) {
		if s.collations[c.name] == "" {
			continue
		}
		if !c.equal {
			tr.note(object, "there is no collation %s here; it is %s, by which order and equality may differ", collation, c.name)
		}
		return s.collations[c.name], c.name
	}
	name := s.foldingCollation()
	if strings.HasSuffix(collation, "_bin") || strings.HasSuffix(collation, "_cs") {
		name = s.binaryCollation()
	}
	tr.note(object, "there is no collation %s here; it is %s, by which order and equality may differ", collation, name)
	return "utf8mb4", name
}

// candidate is a collation that may stand for another.
type candidate struct {
	name  string
	equal bool
}

// nearest lists what may stand for a collation, best first.
func (s *server) nearest(collation string) []candidate {
	var list []candidate
	add := func(equal bool, names ...string) {
		for _, n := range names {
			list = append(list, candidate{n, equal})
		}
	}
	switch {
	case strings.HasPrefix(collation, "utf8mb3_"):
		add(true, "utf8_"+strings.TrimPrefix(collation, "utf8mb3_"))
	case strings.HasPrefix(collation, "utf8_"):
		add(true, "utf8mb3_"+strings.TrimPrefix(collation, "utf8_"))
	}
	charset, rest, _ := strings.Cut(collation, "_")
	switch {
	case collation == "utf8mb4_0900_bin", collation == "utf8mb4_nopad_bin":
		add(true, "utf8mb4_nopad_bin", "utf8mb4_0900_bin")
	case strings.HasSuffix(rest, "nopad_bin"):
		add(false, charset+"_bin")
	case strings.Contains(rest, "0900_"): // [language_]0900_ai_ci
		language, strength, _ := strings.Cut(rest, "0900_")
		add(false, "utf8mb4_uca1400_"+language+"nopad_"+strength, "utf8mb4_uca1400_nopad_"+strength)
		if strength == "ai_ci" {
			add(false, "utf8mb4_unicode_520_nopad_ci")
		}
	case strings.HasPrefix(rest, "uca1400_"): // uca1400_[language_][nopad_]ai_ci
		strength := rest[max(len(rest)-len("ai_ci"), 0):]
		add(false, "utf8mb4_0900_"+strength)
	case strings.Contains(rest, "nopad_"):
		if charset == "utf8mb4" {
			add(false, "utf8mb4_0900_ai_ci")
		}
		add(false, charset+"_"+strings.Replace(rest, "nopad_", "", 1))
	}
	return list
}
