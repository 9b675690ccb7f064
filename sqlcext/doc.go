// Package sqlcext is what sqlc-generated code may use of the cache beyond
// running over it unchanged.
package sqlcext
