# No step rewrites a big table, or locks it while its rows are read.
package syncform

import rego.v1

heavy := {"SF104", "SF107", "SF108", "SF110"}

default limit := 1000000

limit := data.max_locked_rows

rows(action) := read.table.rows if {
	some read in input.read
	read.endpoint == action.endpoint
	read.name == action.table
	read.table
}

deny contains msg if {
	some action in input.actions
	not action.held
	some step in action.steps
	some hazard in step.hazards
	hazard.code in heavy
	rows(action) > limit
	msg := sprintf("%s: %s on a table of about %d rows, more than %d: %s", [action.addr, hazard.code, rows(action), limit, hazard.text])
}
