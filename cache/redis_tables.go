package cache

import (
	"context"
	"strconv"
	"strings"
)

// everything lists the tables that any process has registered.
//
// A record younger than a lease may have replaced one that was lost, and be
// incomplete: a process serves a table only while it has lately seen the record
// under which it registered it, so by that age all are in it. Until then, and
// where there is no record, the control keys themselves are looked for.
func (s *redisStore) everything(ctx context.Context) ([]string, error) {
	pipe := s.client.Pipeline()
	meta := pipe.HGetAll(ctx, metaKey(s.namespace))
	clock := pipe.Time(ctx)
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	fields := meta.Val()
	if v, ok := fields["v"]; ok && v != protocolVersion {
		return nil, errVersion
	}
	var tables []string
	for f := range fields {
		if t, ok := strings.CutPrefix(f, "t:"); ok {
			tables = append(tables, t)
		}
	}
	born, err := strconv.ParseInt(fields["born"], 10, 64)
	if err == nil && clock.Val().UnixMilli()-born > s.shape.Load().lease.Milliseconds() {
		return tables, nil
	}
	found, err := s.search(ctx)
	return append(tables, found...), err
}

// search finds tables by their control keys, in the whole key space.
func (s *redisStore) search(ctx context.Context) ([]string, error) {
	prefix := s.namespace + ":{"
	var tables []string
	it := s.client.Scan(ctx, 0, glob(prefix)+"*}:c", 10_000).Iterator()
	for it.Next(ctx) {
		tag, ok := strings.CutSuffix(strings.TrimPrefix(it.Val(), prefix), "}:c")
		dot := strings.LastIndexByte(tag, '.')
		if ok && dot >= 0 && !strings.Contains(tag, "}") {
			tables = append(tables, unescape(tag[:dot]))
		}
	}
	return tables, it.Err()
}

// glob quotes what a MATCH pattern would take for its own.
func glob(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "]", `\]`, "^", `\^`).Replace(s)
}
