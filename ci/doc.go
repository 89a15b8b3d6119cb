// Package ci holds the pieces with which plans run in CI; its tests check each by the
// tools of the system that reads it. It is a module of its own, so that nothing of
// those tools comes near the binary.
package ci
