//go:build unix && !linux

package testenv

import "syscall"

// diesWithParent says that a server does not outlive its test binary.
const diesWithParent = false

// attributes are those of a server process: the user it runs as, nil for the
// test's own. Only Linux has a parent-death signal; elsewhere a server
// outlives a test binary that is killed.
func attributes(as *syscall.Credential, _ syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: as, Setpgid: true}
}
