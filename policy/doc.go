// Package policy decides which rows a read is served under and what a write invalidates.
package policy
