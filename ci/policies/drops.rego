# Tables and columns stay, unless data.allow_drops names their address.
package syncform

import rego.v1

drops := {"drop_table", "drop_column"}

allowed(addr) if {
	some a in data.allow_drops
	a == addr
}

deny contains msg if {
	some action in input.actions
	action.kind == "delete"
	action.change.kind in drops
	not allowed(action.addr)
	msg := sprintf("%s: %s at %s takes away what is there", [action.addr, action.change.kind, action.endpoint])
}
