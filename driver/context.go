package driver

import "context"

type request uint8

const (
	ordinary   request = iota
	bypassing          // asks the database and keeps nothing
	refreshing         // asks the database and fills
)

type requestKey struct{}

// WithBypass makes reads under ctx ask the database and keep nothing.
func WithBypass(ctx context.Context) context.Context {
	return context.WithValue(ctx, requestKey{}, bypassing)
}

// WithRefresh makes reads under ctx ask the database and fill, as if nothing
// had been kept.
func WithRefresh(ctx context.Context) context.Context {
	return context.WithValue(ctx, requestKey{}, refreshing)
}

func requestOf(ctx context.Context) request {
	r, _ := ctx.Value(requestKey{}).(request)
	return r
}
