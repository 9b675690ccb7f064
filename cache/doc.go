// Package cache keeps results coherent with the database behind them.
package cache
