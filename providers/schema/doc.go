// Package schema holds what a database looks like, as plain values: no pointers
// back, everything referenced by name, so that comparing, hashing and JSON come
// free. It says nothing about how a server is asked (providers) or what should
// change (planner).
package schema
