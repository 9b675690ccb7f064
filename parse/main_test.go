package parse

import (
	"testing"

	"github.com/moneyclip/moneyclip/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }
