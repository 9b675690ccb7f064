package shop

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Stock is what the shop has of its articles.
type Stock struct{ db *sql.DB }

// Price returns the price of an article in cents.
func (s *Stock) Price(ctx context.Context, article int64) (cents int64, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT price FROM articles WHERE id = $1", article).Scan(&cents)
	if err != nil {
		return 0, fmt.Errorf("price of article %d: %w", article, err)
	}
	return cents, nil
}

// ErrSoldOut says that less is there than was asked for.
var ErrSoldOut = errors.New("sold out")

// Sell takes a number of an article out of the stock and writes down the sale,
// or does neither.
func (s *Stock) Sell(ctx context.Context, article, number int64) (err error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	result, err := tx.ExecContext(ctx, "UPDATE articles SET number = number - $1 WHERE id = $2 AND number >= $1", number, article)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(ErrSoldOut, err)
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO sales (article, number) VALUES ($1, $2)", article, number); err != nil {
		return err
	}
	return tx.Commit()
}

// Reprice changes the price of all articles by some per cent.
func (s *Stock) Reprice(ctx context.Context, percent int64) error {
	_, err := s.db.ExecContext(ctx, "UPDATE articles SET price = price * (100 + $1) / 100", percent)
	return err
}
