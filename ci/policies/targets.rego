# Plans change the endpoints in data.targets only, and take nothing down.
package syncform

import rego.v1

deny contains msg if {
	input.destroy
	msg := "a plan that destroys is not applied from here"
}

deny contains msg if {
	some action in input.actions
	action.kind != "note"
	data.targets
	not action.endpoint in data.targets
	msg := sprintf("%s: %s is not a target that may be changed from here", [action.addr, action.endpoint])
}
