package cache

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// call is one call of a script.
type call struct {
	script script
	keys   []string
	args   []any
}

// run sends the calls in one pipeline, with the record's version and epoch
// where asked. A server that does not know a script is taught all of them and
// asked again: every script may be repeated.
func (s *redisStore) run(ctx context.Context, calls []call, withMeta bool) (answers []any, meta []any, err error) {
	for attempt := 0; ; attempt++ {
		pipe := s.client.Pipeline()
		var m *redis.SliceCmd
		if withMeta {
			m = pipe.HMGet(ctx, metaKey(s.namespace), "v", "epoch", "id")
		}
		cmds := make([]*redis.Cmd, len(calls))
		for i, c := range calls {
			cmds[i] = pipe.EvalSha(ctx, c.script.sha, c.keys, c.args...)
		}
		_, err = pipe.Exec(ctx)
		if err == nil {
			answers = make([]any, len(cmds))
			for i, c := range cmds {
				answers[i] = c.Val()
			}
			if m != nil {
				meta = m.Val()
			}
			return answers, meta, nil
		}
		// A pipeline reports its first error; look for the one that matters.
		unknown := false
		for _, c := range cmds {
			if e := c.Err(); e != nil && redis.HasErrorPrefix(e, "NOSCRIPT") {
				unknown = true
			} else if e != nil {
				return nil, nil, e
			}
		}
		if m != nil && m.Err() != nil {
			return nil, nil, m.Err()
		}
		if !unknown || attempt > 0 {
			return nil, nil, err
		}
		if err := s.teach(ctx); err != nil {
			return nil, nil, err
		}
	}
}

// teach loads every script.
func (s *redisStore) teach(ctx context.Context) error {
	pipe := s.client.Pipeline()
	for _, sc := range scripts {
		pipe.ScriptLoad(ctx, sc.text)
	}
	_, err := pipe.Exec(ctx)
	return err
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func number(v any) int64 {
	n, _ := v.(int64)
	return n
}
