// Package testenv gives tests real servers: a private redis-server, a private
// PostgreSQL and a private MariaDB, started when the first test of a binary
// asks and stopped when its tests are over.
//
// A test package uses it in three steps:
//
//  1. Its TestMain calls [Main], which runs the tests, stops every server and
//     then looks for leaked goroutines.
//  2. A test that needs a server asks with [Redis], [Postgres] or [MariaDB] and
//     gets the URL (MariaDB: the DSN) of an empty database of its own. All tests of a binary share one
//     process of each kind; several binaries may run at once, each with its
//     own processes and ports.
//  3. A test that breaks its server asks with [StartRedis],
//     [StartPostgres] or [StartMariaDB]. That one belongs to the test alone and can be killed,
//     frozen and restarted on the same port with the same data.
//
// A missing server binary skips the test with the name of the package to
// install. With CI=true in the environment it fails the test instead, so that
// a machine that is meant to run everything cannot pass by running little.
//
// MONEYCLIP_TEST_REDIS and MONEYCLIP_TEST_POSTGRES may name a running server
// as a URL, MONEYCLIP_TEST_MYSQL as a DSN of go-sql-driver. Redis, Postgres and
// MariaDB then use a free database of that server, and only the fault tests
// start processes.
//
// The servers die with the test binary on Linux even where it is killed: each
// is started with a parent-death signal. The package needs a Unix system.
package testenv
