package policy

import "time"

// LongestTTL returns the longest time that an entry of any table may live. A
// write whose outcome nobody ever learns is held that long.
func (r *Rules) LongestTTL() time.Duration {
	longest := defaultTTL
	for _, t := range r.rules {
		longest = max(longest, t.ttl)
	}
	return longest
}
