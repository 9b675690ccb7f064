// Package parse turns SQL text into facts.
package parse
