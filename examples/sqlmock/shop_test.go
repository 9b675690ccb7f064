package shop

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/DATA-DOG/go-sqlmock"

	"github.com/moneyclip/moneyclip/driver"
)

// behind is all that moneyclip asks of a test: its own name before the mock's,
// the store, and what the mock cannot tell: dialect and schema.
var behind = map[string]string{
	"sqlmock":           "",
	"moneyclip+sqlmock": "?moneyclip_store=memory&moneyclip_dialect=postgresql&moneyclip_schema=schema.sql",
}

// on runs a test through one driver and fails it for what the mock expected
// and did not get.
func on(t *testing.T, name string, test func(t *testing.T, s *Stock, mock sqlmock.Sqlmock)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		plain, mock, err := sqlmock.NewWithDSN(t.Name())
		if err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open(name, t.Name()+behind[name])
		if err != nil {
			t.Fatal(err)
		}
		test(t, &Stock{db}, mock)
		if err := mock.ExpectationsWereMet(); err != nil {
			t.Error(err)
		}
		_, _ = db.Close(), plain.Close() // the mock reports a close that it was not told of
	})
}

// both is for the tests that were there before.
func both(t *testing.T, test func(t *testing.T, s *Stock, mock sqlmock.Sqlmock)) {
	t.Helper()
	on(t, "sqlmock", test)
	on(t, "moneyclip+sqlmock", test)
}

func price(cents int64) *sqlmock.Rows { return sqlmock.NewRows([]string{"price"}).AddRow(cents) }

func TestPrice(t *testing.T) {
	both(t, func(t *testing.T, s *Stock, mock sqlmock.Sqlmock) {
		mock.ExpectQuery("SELECT price FROM articles").WithArgs(7).WillReturnRows(price(250))
		if cents, err := s.Price(context.Background(), 7); err != nil || cents != 250 {
			t.Errorf("%d, %v, want 250", cents, err)
		}
	})
}

func TestPriceOfAnArticleThatIsNotThere(t *testing.T) {
	both(t, func(t *testing.T, s *Stock, mock sqlmock.Sqlmock) {
		mock.ExpectQuery("SELECT price FROM articles").WithArgs(8).WillReturnRows(sqlmock.NewRows([]string{"price"}))
		if _, err := s.Price(context.Background(), 8); !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("%v, want sql.ErrNoRows", err)
		}
	})
}

func TestSell(t *testing.T) {
	both(t, func(t *testing.T, s *Stock, mock sqlmock.Sqlmock) {
		mock.ExpectBegin()
		mock.ExpectExec("UPDATE articles").WithArgs(2, 7).WillReturnResult(sqlmock.NewResult(0, 1))
		mock.ExpectExec("INSERT INTO sales").WithArgs(7, 2).WillReturnResult(sqlmock.NewResult(1, 1))
		mock.ExpectCommit()
		if err := s.Sell(context.Background(), 7, 2); err != nil {
			t.Error(err)
		}
	})
}

func TestSellIsUndoneWhereThereIsNotEnough(t *testing.T) {
	both(t, func(t *testing.T, s *Stock, mock sqlmock.Sqlmock) {
		mock.ExpectBegin()
		mock.ExpectExec("UPDATE articles").WillReturnResult(sqlmock.NewResult(0, 0))
		mock.ExpectRollback()
		if err := s.Sell(context.Background(), 7, 1000); !errors.Is(err, ErrSoldOut) {
			t.Errorf("%v, want ErrSoldOut", err)
		}
	})
}

func TestSellIsUndoneWhereTheSaleCannotBeWritten(t *testing.T) {
	both(t, func(t *testing.T, s *Stock, mock sqlmock.Sqlmock) {
		full := errors.New("disk full")
		mock.ExpectBegin()
		mock.ExpectExec("UPDATE articles").WillReturnResult(sqlmock.NewResult(0, 1))
		mock.ExpectExec("INSERT INTO sales").WillReturnError(full)
		mock.ExpectRollback()
		if err := s.Sell(context.Background(), 7, 2); !errors.Is(err, full) {
			t.Errorf("%v, want %v", err, full)
		}
	})
}

// What only the cache does: the second read is not expected by the mock, and
// does not reach it; a write that is undone leaves the entry, one that is
// committed and a bulk write do not.
func TestPricesAreReadOnce(t *testing.T) {
	on(t, "moneyclip+sqlmock", func(t *testing.T, s *Stock, mock sqlmock.Sqlmock) {
		ctx := context.Background()
		is := func(want int64) {
			t.Helper()
			if cents, err := s.Price(ctx, 7); err != nil || cents != want {
				t.Errorf("%d, %v, want %d", cents, err, want)
			}
		}
		mock.ExpectQuery("SELECT price").WithArgs(7).WillReturnRows(price(250))
		is(250)
		is(250)

		mock.ExpectBegin()
		mock.ExpectExec("UPDATE articles").WillReturnResult(sqlmock.NewResult(0, 0))
		mock.ExpectRollback()
		if err := s.Sell(ctx, 7, 1000); !errors.Is(err, ErrSoldOut) {
			t.Errorf("%v, want ErrSoldOut", err)
		}
		is(250)

		mock.ExpectExec("UPDATE articles SET price").WithArgs(10).WillReturnResult(sqlmock.NewResult(0, 3))
		mock.ExpectQuery("SELECT price").WithArgs(7).WillReturnRows(price(275))
		if err := s.Reprice(ctx, 10); err != nil {
			t.Error(err)
		}
		is(275)
		is(275)

		h, err := driver.Of(s.db)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Stats(); got.Hits != 3 || got.Misses != 2 {
			t.Errorf("%d hits and %d misses, want 3 and 2", got.Hits, got.Misses)
		}
	})
}

func TestWithoutASchemaOpeningSaysWhatIsMissing(t *testing.T) {
	_, err := sql.Open("moneyclip+sqlmock", "shop?moneyclip_store=memory&moneyclip_dialect=postgresql")
	if err == nil || !strings.Contains(err.Error(), "moneyclip_schema=") {
		t.Errorf("%v", err)
	}
}
