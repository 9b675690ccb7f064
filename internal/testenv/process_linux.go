package testenv

import "syscall"

// diesWithParent says that a server does not outlive its test binary.
const diesWithParent = true

// attributes are those of a server process: the user it runs as, nil for the
// test's own, and the signal that it gets when the test binary is gone.
func attributes(as *syscall.Credential, death syscall.Signal) *syscall.SysProcAttr {
	// A group of its own keeps Ctrl-C at the terminal from reaching the server
	// before the test that uses it.
	return &syscall.SysProcAttr{Credential: as, Pdeathsig: death, Setpgid: true}
}
