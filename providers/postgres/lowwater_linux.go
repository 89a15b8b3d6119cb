package postgres

import (
	"net"
	"syscall"
)

// lowWater makes a socket wake nobody before so many bytes wait in it; 1 is the usual.
// It reports whether it could.
func lowWater(conn net.Conn, bytes int) bool {
	if under, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = under.NetConn()
	}
	raw, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	rc, err := raw.SyscallConn()
	if err != nil {
		return false
	}
	var failed error
	err = rc.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, bytes)
	})
	return err == nil && failed == nil
}
