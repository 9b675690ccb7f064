package driver_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moneyclip/moneyclip/parse"
)

const trapKillEnv = "MONEYCLIP_TRAP_KILL"

// trapKill tells a process what to write, and after which step to die.
type trapKill struct {
	Inner, DSN, RedisURL string
	Dialect              parse.Dialect
	Lease                time.Duration
	Op                   string // exec or commit
}

func TestB6WriterIsKilledBeforeItInvalidates(t *testing.T) {
	for _, op := range []string{"exec", "commit"} {
		t.Run(op, func(t *testing.T) {
			trap{remote: true}.run(t, func(t *testing.T, g *trapRig) {
				g.warm(byID1)
				text, err := json.Marshal(trapKill{g.inner, g.dsn, g.redisURL, g.dialect, g.lease, op})
				if err != nil {
					t.Fatal(err)
				}
				child := exec.Command(os.Args[0], "-test.run=^TestB6KilledProcess$")
				child.Env = append(os.Environ(), trapKillEnv+"="+string(text))
				out, err := child.CombinedOutput()
				if err == nil || !strings.Contains(err.Error(), "killed") {
					t.Fatalf("the writer was to be killed: %v\n%s", err, out)
				}
				if got := g.fresh(byID1); got != "id=1 v=new" {
					t.Errorf("the database has %q", got)
				}
				g.right(g.R, g.r, byID1) // the hold runs out
				g.changes(func() { g.exec(g.W, "UPDATE t SET v = 'newer' WHERE id = 1") }, byID1)
			})
		})
	}
}

// TestB6KilledProcess is the writer; alone it does nothing.
func TestB6KilledProcess(t *testing.T) {
	text := os.Getenv(trapKillEnv)
	if text == "" {
		t.Skip("a part of TestB6WriterIsKilledBeforeItInvalidates")
	}
	var k trapKill
	if err := json.Unmarshal([]byte(text), &k); err != nil {
		t.Fatal(err)
	}
	g := &trapRig{
		t: t, ctx: t.Context(), dsn: k.DSN, redisURL: k.RedisURL, lease: k.Lease,
		trapBase: trapBase{inner: k.Inner, dialect: k.Dialect, redis: true},
	}
	g.driver = newTrapDriver(t, k.Inner)
	db, _, steps := g.openWrapped("")
	steps.set(nil, func(step trapStep, err error) error {
		if err == nil && step.op == k.Op && (k.Op == "commit" || strings.HasPrefix(step.query, "UPDATE t")) {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return err
	})
	if k.Op == "exec" {
		g.exec(db, "UPDATE t SET v = 'new' WHERE id = 1")
		return
	}
	tx := g.begin(db, nil)
	g.exec(tx, "UPDATE t SET v = 'new' WHERE id = 1")
	g.commit(tx)
}
