//go:build !linux

package postgres

import "net"

// lowWater is for systems that can; elsewhere each message wakes its reader.
func lowWater(net.Conn, int) bool { return false }
