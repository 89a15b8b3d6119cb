package lang

// check holds the decoded blocks against each other.
func (l *loader) check() {
	for _, f := range l.afterSyncs {
		f()
	}
	l.sameTarget()
	l.unusedPolicies()
}

// unusedPolicies warns of policies that no sync names.
func (l *loader) unusedPolicies() {
	used := map[string]bool{}
	for _, s := range l.cfg.Syncs {
		used[s.SchemaPolicy] = true
		used[s.ConflictPolicy] = true
	}
	warn := func(b *Block) {
		if !used[b.Addr] {
			l.report(warnAt(b.DeclRange, sumUnused, "No sync uses %s, so it does nothing.", b.Addr))
		}
	}
	for _, p := range l.cfg.SchemaPolicies {
		warn(&p.Block)
	}
	for _, p := range l.cfg.ConflictPolicies {
		warn(&p.Block)
	}
}
