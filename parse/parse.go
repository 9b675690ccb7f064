package parse

// Parse returns the facts of a text. It is total: whatever the text, it
// returns facts (of kind [Opaque] where the text is not understood), never
// nil, and does not panic. It may be called concurrently.
func Parse(d Dialect, text string) *Facts {
	return &Facts{Reason: "not implemented"}
}

// Plans keeps what was made of each text, by the exact text. It is bounded by
// entries and bytes; a text of more than 16 KiB is made anew each time. It may
// be used concurrently; it has no goroutine of its own and needs no closing.
type Plans[V any] struct {
	build func(text string) V
}

// NewPlans returns an empty cache that calls build for a text it does not
// hold. build may be called more than once for one text.
func NewPlans[V any](build func(text string) V) *Plans[V] {
	return &Plans[V]{build: build}
}

// Of returns the plan of a text.
func (p *Plans[V]) Of(text string) V { return p.build(text) }
