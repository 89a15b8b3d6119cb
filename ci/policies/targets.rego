# Plans change the endpoints in data.targets only, and take nothing down.
package syncform

import rego.v1

deny contains msg if {
	input.destroy
	msg := "a plan that destroys is not applied from here"
}

known(endpoint) if {
	some t in data.targets
	t == endpoint
}

deny contains msg if {
	data.targets
	some action in input.actions
	action.kind != "note"
	not known(action.endpoint)
	msg := sprintf("%s: %s is not a target that may be changed from here", [action.addr, action.endpoint])
}
