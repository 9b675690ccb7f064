// Package cache keeps results coherent with the database behind them: it holds
// keys, leases and entries as bytes, in Redis or in the process, and knows
// nothing of SQL.
//
// # One read
//
//  1. [Cache.Lookup] sends two plain commands in one round trip: the row's
//     hash, then its table's control hash. The row comes first: read second,
//     it could belong to a write that began between the two.
//  2. The entry is a hit if it belongs to the table's generation g, nobody
//     holds the row, and the control hash was made by the server that we know
//     to be answering (see Trust).
//  3. Otherwise, if nobody holds the row or its table, the answer is a
//     [Lease]: the generation and the sequence number of the row's stripe. The
//     caller starts its SELECT only now.
//  4. [Cache.Fill] sends the result with the lease, in the background. It is
//     refused if the generation or the sequence has moved, or a holder is
//     there: however long the reader was paused, it cannot bring back an old
//     value.
//  5. Where there is no usable generation, or a holder may have run out, the
//     script INIT repairs the control hash, or says how long it will take;
//     until then lookups do not ask again.
//
// # One write
//
//  1. [Cache.Hold] sends HOLD: one script call for each table bucket touched,
//     all in one round trip. It removes the rows' entries, moves their
//     stripes' sequence numbers and enters the writer, by a random token, in
//     the set of holders with the time when its hold runs out, by Redis' own
//     clock. For a whole table it removes the generation instead, so that its
//     cost does not depend on the number of rows. More than 1000 rows are the
//     table; that is also far below Lua's limit on arguments.
//  2. The hold is repeated with the same token every third of a lease.
//  3. [Hold.Release] sends RELEASE when the write is over: it removes the
//     entries and moves the sequence numbers once more, also where the hold is
//     gone, because a reader may have filled after it ran out. It works in the
//     background while less than half a lease has passed since the last HOLD
//     was sent: no hit is possible before the hold runs out, nor after, since
//     whoever notices that a hold ran out ends the leases given out meanwhile.
//  4. HOLD and RELEASE read the namespace's epoch along. If it has changed
//     between the two, the write may have touched more than its catalog knew,
//     and everything is invalidated. Where a hold could not be sent, what counts
//     is the last epoch that the caller was told before.
//
// # Everything
//
// The namespace's record lists the tables that any process has registered. A
// process serves a table only while it has seen, within the last third of a
// lease, the very record under which it registered it. So a record older than
// a lease is complete, even if it has replaced one that was lost; for a younger
// one a write of everything looks for the control keys themselves (SCAN). A new
// record has a new random epoch: a lost record reads as a changed epoch.
//
// # Trust
//
// A hit needs vitals: a contact, which is a script that writes and therefore
// fails where Redis is out of memory or read-only, begun within the last third
// of a lease. It tells the server's identity (run_id and master_replid) and
// the record's. While lookups arrive, a contact is made every sixth of a lease;
// after idleness the first lookup waits for one.
//
// A control hash carries the identity of the server that made it; any other
// is dropped, and a quarantine of one lease begun, which outlasts every hold
// that may have been lost with the former server. That alone would not do: a
// server restarted from an old dump, found on a fresh connection within the
// validity of the vitals, has control hashes with the former server's identity.
// So a counter moves with every connection that the client opens, before its
// first command, and with every error; vitals count only if the counter stands
// where it stood before they were asked for, and this is looked at after the
// lookup's answer has arrived. Then the connection that answered is older than
// the vitals; a server that died before they were learnt cannot have answered
// on it, and one that died after they were learnt answered while it lived. This
// works through a hook, for a client of our own and for a given one alike.
//
// A hold tells the script the identity that the process last learnt, so that
// INFO is computed only where the control hash says otherwise. The identity may
// be out of date. If it differs from the control hash, INFO decides. If it is
// equal, the control hash is of that server or has come back from its dump; in
// the second case no reader is served from it, and the first that looks drops
// it with the hold in it and starts a quarantine that is as long as the hold.
//
// What this cannot see: one client whose connections lead to two servers that
// are alive at once (an address that is moved while connections to a former
// master stay open, a name with several addresses). Sentinel closes such
// connections. A former master that still takes writes is kept from it by
// min-replicas-to-write only.
//
// # Out of reach
//
// A hold is tried for Options.Retry, or not at all while the breaker is open:
// it opens after three failures in a row, at once where a connection is
// refused, and a contact in the background closes it. A connection that ends
// under a command counts only if a contact fails too, on a new connection:
// those of a pool may all have ended while the store is there. Where the
// breaker has opened without an attempt that was refused or ran out of time, a
// hold makes one all the same, for Options.Retry. Then the mode decides.
// [Strict]: the write is refused with [ErrUnavailable]. [Available]: the write
// goes through and its keys go to a journal, which is replayed before anything
// else once Redis answers; until then this process serves nothing of the tables
// concerned. Writes still in flight are then held, finished ones released. A
// RELEASE that cannot be sent goes to the journal in both modes. Close tries to
// replay what is left. A Redis that refuses the scripts but not UNLINK loses the
// control keys instead: whoever looks next starts a quarantine, which bars the
// rows as a hold would.
//
// # Layout in Redis
//
//	<ns>:meta                  HASH, no TTL  v, buckets, lease, id, epoch, born, at, t:<table>
//	<ns>:{<table>.<b>}:c       HASH, no TTL  g generation, rid identity, q quarantine until, T holders of the table,
//	                                         N holders of its negative entries, s<h> and k<h> sequence and holders of stripe h
//	<ns>:{<table>.<b>}:r:<key> HASH, TTL     g, <fingerprint> -> entry
//	<ns>:{<table>.<b>}:h:<sha> HASH, TTL     the same for a key of more than 128 bytes, by its SHA-256
//
// Everything a script touches has one hash tag. Braces and % in a table's name
// are written %7B, %7D and %25, so no name or key can meet another. Stripe and
// bucket are taken from FNV-1a of 64 bits, which only spreads.
//
// # Redis
//
// Version 7.0 or later, for the header of the scripts and PEXPIRE LT. Commands,
// for an ACL restricted to the keys ~<ns>:* :
//
//	HMGET HGETALL HGET HSET HDEL HINCRBY EXISTS DEL UNLINK PEXPIRE TIME INFO SCAN
//	EVALSHA SCRIPT|LOAD, and of a connection HELLO AUTH SELECT
//
// of the categories @read, @write, @hash, @keyspace, @scripting, @connection and
// @dangerous (INFO). INFO is called within scripts; where it is refused or does
// not name the server, nothing is cached, and a warning says so.
//
// # The store in the process
//
// It has the same semantics without quarantine, identity, breaker and journal:
// its control state cannot be lost while a process that relies on it lives.
// Fills and releases are done when their calls return.
//
// # What was changed against the explored scripts
//
//   - HOLD looks at the identity, not only at whether the control key exists;
//     the explored one left a foreign key to its readers.
//   - A hold of negative entries has holders (N) and removes n; a number that
//     merely moves at HOLD would be read again before COMMIT.
//   - RELEASE of a table gives a new generation at once, unless others hold it
//     or it is in quarantine: INIT would do the same at the next read.
//   - INIT clears holders of the asked stripe that have run out. A lookup that
//     sees a holder does not fill, so with FILL alone a crashed writer's stripe
//     would have been bypassed for ever.
//   - FILL sets the TTL with LT: a second result under a row must not lengthen
//     the life of the first.
//   - The identity has the whole of master_replid, not its first eight digits.
package cache
