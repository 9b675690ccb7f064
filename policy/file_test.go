package policy

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const fileFolder = "../testdata/policy"

// Beside each policy file stands what is said of it: all mistakes, or ok.
func TestFilesAndTheirMistakes(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(fileFolder, "*.yaml"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := "ok\n"
			if _, err := Parse(name, text); err != nil {
				got = err.Error() + "\n"
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
			for line := range strings.Lines(got) {
				if got != "ok\n" && !strings.HasPrefix(line, "moneyclip: policy: "+name+":") {
					t.Errorf("a line without its place: %s", line)
				}
			}
		})
	}
}

func TestFileSaysWhatTheGoFormSays(t *testing.T) {
	got, err := ReadFile(filepath.Join(fileFolder, "full.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	want := Policy{
		Defaults: Defaults{
			TTL: 10 * time.Minute, Jitter: 0.1, MaxEntry: 64 << 10, NegativeTTL: 5 * time.Second,
			Repopulate: new(true), RefreshAhead: 30 * time.Second, Near: time.Second,
		},
		Tables: map[string]TableRule{
			"users": {
				TTL: 12 * time.Hour, Jitter: 0.025, MaxEntry: 1 << 20, NoNegative: true,
				Repopulate: new(false), NoRefreshAhead: true, NoNear: true,
			},
			"public.audit_log": {Off: true},
			"documents":        {Tenant: "app.tenant", NoJitter: true, Near: 500 * time.Millisecond},
			"plain":            {},
		},
		Queries: map[string]QueryRule{
			"CountFollowers": {Key: "account::followers::account-id-%v", Depends: []string{"followers(account_id)"}, TTL: 12 * time.Hour},
			"AreFriends":     {Key: "friends::%v::%v", Depends: []string{"friendships(a, b)", "users"}, Symmetrical: true},
			"CountAll":       {Key: "all::100%%"},
		},
		Effects: DeclaredEffects{
			Triggers: map[string]TriggerEffect{
				"orders.audit_orders": {Writes: []string{"audit_log"}},
				"public.orders.stamp": {WritesNothing: true},
			},
			Functions: map[string]FunctionEffect{
				"recalc(bigint)": {Writes: []string{"totals"}},
				"slugify(text)":  {Pure: true},
				"dice()":         {WritesNothing: true},
			},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Policy{})); diff != "" {
		t.Error(diff)
	}
}

func TestFileThatIsNotThere(t *testing.T) {
	if _, err := ReadFile(filepath.Join(t.TempDir(), "none.yaml")); !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "moneyclip: policy: ") {
		t.Error(err)
	}
	if _, err := ReadFile(t.TempDir()); err == nil {
		t.Error("a folder was read")
	}
}

// What is far from a policy costs little: neither time nor stack nor text.
func TestFilesThatAreNoPolicy(t *testing.T) {
	big := func(unit string) string { return strings.Repeat(unit, mostFile/len(unit)) }
	bomb := "version: 1\na: &a [x, x]\n"
	for c := 'b'; c < 'z'; c++ {
		bomb += string(c) + ": &" + string(c) + " [*" + string(c-1) + ", *" + string(c-1) + "]\n"
	}
	for name, text := range map[string]string{
		"ten megabytes": strings.Repeat("a: b\n", 2<<20), "aliases": bomb,
		"brackets": big("["), "braces": big("{a: "), "entries": big("- "), "questions": big("? "),
		"tags": big("!a\n"), "anchors": big("&a "), "colons": big("a: "), "keys": "version: 1\n" + big("a:\n"),
		"indents": func() string {
			var b strings.Builder
			for depth := 0; b.Len() < mostFile/2; depth++ {
				b.WriteString(strings.Repeat(" ", depth) + "a:\n")
			}
			return b.String()
		}(),
		"one key": "version: 1\n\"" + strings.Repeat("x", mostFile/2) + "\": 1",
		"unknown": func() string {
			var b strings.Builder
			for b.Len() < 1<<15 {
				b.WriteString("k" + strings.Repeat("é", b.Len()%70) + string(rune('a'+b.Len()%26)) + ": 1\n")
			}
			return b.String()
		}(),
	} {
		start := time.Now()
		_, err := Parse("x.yaml", []byte(text))
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
		if said := err.Error(); len(said) > 100_000 || strings.Count(said, "\n") > mostMistakes {
			t.Errorf("%s: %d bytes of mistakes", name, len(said))
		}
	}
}

// A parsed policy is one that check has nothing to say against; whatever the
// text, there is no panic.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(fileFolder, "*.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse("fuzz.yaml", text)
		if err == nil {
			m := p.mistakes()
			p.check(m)
			err = m.err()
			if err != nil {
				t.Fatalf("a policy that was read is wrong: %v", err)
			}
			return
		}
		for line := range strings.Lines(err.Error()) {
			if !strings.HasPrefix(line, "moneyclip: policy: fuzz.yaml:") {
				t.Fatalf("line %q", line)
			}
		}
	})
}

// A path that leads to another file must not print it: it may be one of keys.
func TestAFileThatIsNoPolicyIsNotRepeated(t *testing.T) {
	for _, text := range []string{"DB_PASSWORD=hunter2\nAPI=x\n", "hunter2", "'hunter2'", "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n", "- hunter2\n", "db:\n  password: hunter2\n", "|\n  hunter2\n", "5"} {
		_, err := Parse("p.yaml", []byte(text))
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
