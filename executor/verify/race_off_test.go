//go:build !race

package verify_test

// raced says that the race detector slows every row.
const raced = false
