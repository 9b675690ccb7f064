package driver

import (
	"log/slog"
	"sync"
)

// warnings logs each kind of trouble once until it is over.
type warnings struct {
	logger *slog.Logger
	mu     sync.Mutex // guards said
	said   map[string]bool
}

func newWarnings(l *slog.Logger) *warnings { return &warnings{logger: l, said: map[string]bool{}} }

func (w *warnings) say(kind, text string, args ...any) {
	w.mu.Lock()
	first := !w.said[kind]
	w.said[kind] = true
	w.mu.Unlock()
	if first {
		w.logger.Warn(text, args...)
	}
}

func (w *warnings) over(kind string) {
	w.mu.Lock()
	delete(w.said, kind)
	w.mu.Unlock()
}
