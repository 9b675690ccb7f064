package cache

// aclCommands is the list of doc.go, as ACL SETUSER reads it.
const aclCommands = `+hmget +hgetall +hget +hset +hdel +hincrby +exists +del +unlink +pexpire +time +info +scan
	+evalsha +script|load +hello +auth +select`
