// Package shop is a small program whose tests were written against go-sqlmock
// for the plain driver. They run through moneyclip as they are, but for the
// driver's name and the declared schema: see open in shop_test.go.
package shop
