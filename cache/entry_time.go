package cache

import (
	"encoding/binary"
	"reflect"
	"sync"
	"time"
)

const (
	maxZoneName = 255

	// How many locations are remembered. lib/pq loads one per connection.
	maxLocations = 256
)

// appendTime writes a time as its instant (seconds since 1970 and nanoseconds,
// which hold every time.Time) and what its location is made of. ok is false
// for a time with a monotonic reading and for a location that a decoder could
// not make again.
//
// The offset of the instant is written beside a location that a decoder looks
// up, because a driver that parses text in such a location would have made
// another instant of it in a process where the offset is another.
func appendTime(b []byte, t time.Time) (_ []byte, ok bool) {
	instant := time.Unix(t.Unix(), int64(t.Nanosecond()))
	// Times are compared with == here, which sees the monotonic reading and
	// the very location. That matters where a program has set time.Local to
	// time.UTC: time.Unix then gives times that print as UTC and are not equal
	// to those that UTC gives.
	switch t {
	case instant.UTC():
		return appendInstant(append(b, tagTimeUTC), t), true
	case instant:
		b = appendInstant(append(b, tagTimeLocal), t)
		_, offset := t.Zone()
		return binary.AppendVarint(b, int64(offset)), true
	}
	if t != t.Round(0) {
		return b, false
	}
	tag, ok := locationTag(t)
	if !ok {
		return b, false
	}
	_, offset := t.Zone()
	b = binary.AppendVarint(appendInstant(append(b, tag), t), int64(offset))
	name := t.Location().String()
	b = binary.AppendUvarint(b, uint64(len(name)))
	return append(b, name...), true
}

func appendInstant(b []byte, t time.Time) []byte {
	b = binary.AppendVarint(b, t.Unix())
	return binary.AppendUvarint(b, uint64(t.Nanosecond()))
}

// time reads what appendTime wrote. A location that this process does not
// have, or has with another offset at that instant, is a failure.
func (c *cursor) time(tag byte) time.Time {
	seconds, nanoseconds := c.varint(), c.uvarint()
	if c.bad || nanoseconds >= uint64(time.Second) {
		c.fail()
		return time.Time{}
	}
	t := time.Unix(seconds, int64(nanoseconds))
	if tag == tagTimeUTC {
		return t.UTC()
	}
	offset := c.varint()
	if int64(int(offset)) != offset {
		c.fail()
		return time.Time{}
	}
	if tag != tagTimeLocal {
		name := c.bytes()
		if c.bad || len(name) > maxZoneName {
			c.fail()
			return time.Time{}
		}
		l, ok := locations.make(tag, string(name), int(offset))
		if !ok {
			c.fail()
			return time.Time{}
		}
		t = t.In(l)
	}
	if _, here := t.Zone(); here != int(offset) {
		c.fail()
		return time.Time{}
	}
	return t
}

// locationTag says how to make the location of t again, which is neither UTC
// nor the local one. A location is an immutable value behind a pointer, so
// that what was found of a pointer stays true.
func locationTag(t time.Time) (tag byte, ok bool) {
	l := t.Location()
	name := l.String()
	if l == time.UTC || len(name) > maxZoneName {
		return 0, false
	}
	abbreviation, offset := t.Zone()
	if abbreviation == name {
		fixed, _ := locations.make(tagTimeFixed, name, offset)
		if l == fixed || reflect.DeepEqual(l, fixed) {
			return tagTimeFixed, true
		}
	}
	return tagTimeNamed, locations.isNamed(l)
}

// locations remembers what is slow to find out of locations.
var locations locationCache

// locationCache may be used concurrently.
type locationCache struct {
	mu    sync.RWMutex
	made  map[madeLocation]*time.Location
	named map[*time.Location]bool
}

type madeLocation struct {
	tag    byte
	name   string
	offset int // of a fixed zone
}

// make returns the location of a fixed zone or of a name. One location serves
// all times that have it.
func (c *locationCache) make(tag byte, name string, offset int) (*time.Location, bool) {
	key := madeLocation{tag: tag, name: name}
	if tag == tagTimeFixed {
		key.offset = offset
	}
	c.mu.RLock()
	l, ok := c.made[key]
	c.mu.RUnlock()
	if ok {
		return l, true
	}
	switch {
	case tag == tagTimeFixed:
		l = time.FixedZone(name, offset)
	case name == "", name == "UTC", name == "Local":
		// time.LoadLocation gives these names a meaning of their own.
		return nil, false
	default:
		var err error
		if l, err = time.LoadLocation(name); err != nil {
			return nil, false
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made == nil || len(c.made) >= maxLocations {
		c.made = make(map[madeLocation]*time.Location)
	}
	c.made[key] = l
	return l, true
}

// isNamed reports whether loading a location's name gives the same location.
func (c *locationCache) isNamed(l *time.Location) bool {
	c.mu.RLock()
	is, ok := c.named[l]
	c.mu.RUnlock()
	if ok {
		return is
	}
	loaded, ok := c.make(tagTimeNamed, l.String(), 0)
	is = ok && sameZones(l, loaded)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.named == nil || len(c.named) >= maxLocations {
		c.named = make(map[*time.Location]bool)
	}
	c.named[l] = is
	return is
}

// sameZones compares two locations. Their memory may differ in which zone was
// current when they were loaded, and they are then compared by all their
// transitions up to the year 2100, beyond which the last rule repeats itself.
func sameZones(a, b *time.Location) bool {
	return reflect.DeepEqual(a, b) || sameTransitions(a, b)
}

func sameTransitions(a, b *time.Location) bool {
	const before, until = -1 << 40, 4102444800
	for at := time.Unix(before, 0); ; {
		x, y := at.In(a), at.In(b)
		nameX, offsetX := x.Zone()
		nameY, offsetY := y.Zone()
		if nameX != nameY || offsetX != offsetY || x.IsDST() != y.IsDST() {
			return false
		}
		_, endX := x.ZoneBounds()
		_, endY := y.ZoneBounds()
		if !endX.Equal(endY) || endX.IsZero() != endY.IsZero() {
			return false
		}
		if endX.IsZero() || endX.Unix() > until {
			return true
		}
		if endX.After(at) {
			at = endX
		} else {
			// On the last day of a leap year ZoneBounds may end a zone at the
			// very instant that it was asked about.
			at = at.Add(24 * time.Hour)
		}
	}
}
