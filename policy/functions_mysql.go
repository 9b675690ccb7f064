package policy

import (
	"strings"

	"github.com/moneyclip/moneyclip/parse"
)

// mysqlFunctions are the functions of the server itself, by the version that
// first had them. A name that this server does not have is a stored function's
// or a loadable one's: it may do anything.
type mysqlFunctions struct {
	mysql, mariadb int // first version; 0: never
	until          int // the first version of MySQL that no longer has them; 0: none
	pure           bool
	names          string
}

// Versions older than these are out of support, and are not told apart.
const (
	mysql57    = 50700
	mysql80    = 80000
	mysql90    = 90000
	mariadb105 = 100500
)

// mysqlLists holds every native function of MySQL 5.7 to 9 and MariaDB 10.5 to
// 12, names that only the grammar knows included. Pure are those whose answer
// depends on nothing but their arguments and settings of the fingerprint.
// Not pure, though they look it:
//
//   - aggregates and window functions: they make one row of many, or look at
//     other rows;
//   - what makes a TIME or may: a TIME becomes a date by the day's clock. Of a
//     TIME in a column see mixesTimes;
//   - extractvalue and updatexml, whose path may name a user variable;
//   - convert_tz, which reads tables; default, which may compute anything.
var mysqlLists = [...]mysqlFunctions{
	{mysql57, mariadb105, 0, true, `
abs acos asin atan atan2 ceil ceiling conv cos cot crc32 degrees exp floor ln log log10 log2 mod pi pow power radians
round sign sin sqrt tan truncate div
ascii bin bit_count bit_length char char_length character_length coercibility charset collation concat concat_ws elt
export_set field find_in_set format from_base64 hex insert instr lcase left length locate lower lpad ltrim make_set mid
oct octet_length ord position quote repeat replace reverse right rpad rtrim soundex space strcmp substr substring
substring_index to_base64 trim ucase unhex upper weight_string like regexp rlike
case coalesce greatest if ifnull interval isnull least nullif in between not and or xor is binary row name_const
aes_decrypt aes_encrypt compress sha2 uncompress uncompressed_length
date datediff day dayname dayofmonth dayofweek dayofyear extract from_days get_format hour last_day makedate
microsecond minute month monthname period_add period_diff quarter second time_format time_to_sec to_days to_seconds week
weekday weekofyear year yearweek adddate date_add date_sub subdate timestamp timestampadd timestampdiff from_unixtime date_format values value
inet_aton inet_ntoa inet6_aton inet6_ntoa is_ipv4 is_ipv4_compat is_ipv4_mapped is_ipv6
json_array json_array_append json_array_insert json_contains json_contains_path json_depth json_extract json_insert json_keys
json_length json_merge json_merge_patch json_merge_preserve json_object json_pretty json_quote json_remove json_replace
json_search json_set json_type json_unquote json_valid
geometrycollection linestring mbrcontains mbrdisjoint mbrintersects mbroverlaps mbrtouches mbrwithin
multilinestring multipoint multipolygon point polygon
st_area st_asbinary st_asgeojson st_astext st_aswkb st_aswkt st_buffer st_centroid st_contains st_convexhull st_crosses
st_difference st_dimension st_disjoint st_distance st_endpoint st_envelope st_equals st_exteriorring st_geomcollfromtext
st_geomcollfromwkb st_geometrycollectionfromtext st_geometrycollectionfromwkb st_geometryfromtext st_geometryfromwkb
st_geometryn st_geometrytype st_geomfromgeojson st_geomfromtext st_geomfromwkb st_interiorringn st_intersection
st_intersects st_isclosed st_isempty st_issimple st_length st_linefromtext st_linefromwkb st_linestringfromtext
st_linestringfromwkb st_mlinefromtext st_mlinefromwkb st_mpointfromtext st_mpointfromwkb st_mpolyfromtext st_mpolyfromwkb
st_multilinestringfromtext st_multilinestringfromwkb st_multipointfromtext st_multipointfromwkb st_multipolygonfromtext
st_multipolygonfromwkb st_numgeometries st_numinteriorrings st_numpoints st_overlaps st_pointfromtext st_pointfromwkb
st_pointn st_polyfromtext st_polyfromwkb st_polygonfromtext st_polygonfromwkb st_srid st_startpoint st_symdifference
st_touches st_union st_within st_x st_y`},
	{mysql57, mariadb105, 0, false, `
avg bit_and bit_or bit_xor count group_concat json_arrayagg json_objectagg max min std stddev stddev_pop stddev_samp sum
var_pop var_samp variance
addtime cast convert convert_tz maketime sec_to_time str_to_date subtime time timediff
benchmark connection_id curdate current_date current_time current_timestamp current_user curtime database default
extractvalue found_rows last_insert_id load_file localtime localtimestamp
match now rand row_count schema schemas session_user sleep sysdate system_user unix_timestamp updatexml
user utc_date utc_time utc_timestamp uuid uuid_short version get_lock is_free_lock is_used_lock release_all_locks release_lock`},
	{mysql57, mariadb105, mysql80, false, `encrypt decode encode des_decrypt des_encrypt old_password password`},
	{mysql57, mariadb105, 80400, false, `master_pos_wait`},
	{mysql57, 0, 80400, false, `wait_until_sql_thread_after_gtids`},
	{mysql57, mariadb105, mysql80, true, `
area asbinary astext aswkb aswkt centroid convexhull crosses dimension disjoint endpoint envelope equals exteriorring
geomcollfromtext geomcollfromwkb geometrycollectionfromtext geometrycollectionfromwkb geometryfromtext geometryfromwkb
geometryn geometrytype geomfromtext geomfromwkb glength interiorringn intersects isclosed isempty issimple linefromtext linefromwkb
linestringfromtext linestringfromwkb mlinefromtext mlinefromwkb mpointfromtext mpointfromwkb mpolyfromtext mpolyfromwkb
multilinestringfromtext multilinestringfromwkb multipointfromtext multipointfromwkb multipolygonfromtext
multipolygonfromwkb numgeometries numinteriorrings numpoints overlaps pointfromtext pointfromwkb pointn polyfromtext
polyfromwkb polygonfromtext polygonfromwkb srid startpoint touches within contains buffer mbrequal`},
	{mysql57, 0, mysql80, true, `distance`},
	{mysql57, mariadb105, 90600, true, `md5 sha sha1`}, // then of a component
	{mysql57, 0, 0, true, `
any_value mbrcoveredby mbrcovers mbrequals st_buffer_strategy st_geomcollfromtxt st_numinteriorring geomcollection st_distance_sphere st_geohash st_isvalid st_latfromgeohash st_longfromgeohash st_makeenvelope
st_pointfromgeohash st_simplify st_validate`},
	{mysql57, 101000, 0, false, `random_bytes`},
	{mysql57, 0, 0, false, `
gtid_subset gtid_subtract validate_password_strength wait_for_executed_gtid_set member`},
	{mysql80, mariadb105, 0, true, `regexp_instr regexp_replace regexp_substr`},
	{mysql80, mariadb105, 0, false, `
cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number json_table current_role json_value`},
	{mysql80, 0, 0, true, `
bin_to_uuid format_bytes format_pico_time is_uuid json_overlaps json_schema_valid json_schema_validation_report
json_storage_free json_storage_size regexp_like st_frechetdistance st_hausdorffdistance st_latitude st_lineinterpolatepoint
st_lineinterpolatepoints st_longitude st_pointatdistance st_swapxy st_transform uuid_to_bin`},
	{mysql90, 0, 0, true, `from_vector string_to_vector to_vector vector_dim vector_to_string`},
	{mysql80, 0, 0, false, `
grouping icu_version ps_current_thread_id ps_thread_id roles_graphml source_pos_wait st_collect statement_digest
statement_digest_text etag json_duality_object`},
	{0, mariadb105, 0, true, `
chr lengthb nvl nvl2 to_char json_compact json_detailed json_exists json_loose json_query
column_add column_check column_create column_delete column_exists column_get column_json column_list
st_boundary boundary st_isring isring st_pointonsurface pointonsurface st_relate decode_oracle add_months
concat_operator_oracle lpad_oracle ltrim_oracle replace_oracle rpad_oracle rtrim_oracle substr_oracle trim_oracle
st_distance_sphere`},
	{0, mariadb105, 0, false, `
binlog_gtid_pos decode_histogram lastval master_gtid_wait median nextval percentile_cont percentile_disc rownum setval
sys_guid wsrep_last_seen_gtid wsrep_last_written_gtid wsrep_sync_wait_upto_gtid`},
	{0, 100700, 0, true, `json_equals json_normalize natural_sort_key sformat`},
	{0, 100800, 0, true, `crc32c`},
	{0, 100900, 0, true, `json_overlaps`},
	{0, 110000, 0, true, `format_pico_time`},
	{0, 110100, 0, true, `json_schema_valid`},
	{0, 110200, 0, true, `json_array_intersect json_key_value json_object_filter_keys json_object_to_array`},
	{0, 110300, 0, true, `kdf`},
	{0, 110700, 0, true, `vec_distance vec_distance_cosine vec_distance_euclidean vec_fromtext vec_totext`},
	{0, 110700, 0, false, `uuid_v4 uuid_v7`},
	{0, 110800, 0, true, `format_bytes st_geohash st_isvalid st_latfromgeohash st_longfromgeohash st_pointfromgeohash st_simplify st_validate mbrcoveredby`},
	{0, 110800, 0, false, `st_collect`},
	{0, 120000, 0, false, `to_date to_number trunc months_between`},
}

// mysqlNative returns the server's own functions; true where pure.
func mysqlNative(mariadb bool, version int) map[string]bool {
	native := make(map[string]bool)
	for _, l := range mysqlLists {
		since, until := l.mysql, l.until
		if mariadb {
			since, until = l.mariadb, 0
		}
		if since == 0 || version < since || until != 0 && version >= until {
			continue
		}
		for name := range strings.FieldsSeq(l.names) {
			if pure, twice := native[name]; twice && !pure {
				continue
			}
			native[name] = l.pure
		}
	}
	if !mariadb && version >= mysql80 {
		native["member of"] = true // an operator, which parsers take for a function
	}
	return native
}

// callMySQL judges a call in MySQL. A native function comes before a stored or
// a loadable one of its name, unless the text gives a database. But without
// IGNORE_SPACE some names are native only directly before their parenthesis,
// which is not told here: a stored function of the name counts too.
func (rs *routines) callMySQL(f parse.Function) verdict {
	if strings.HasPrefix(f.Name, "@") {
		return verdict{impure: "a user variable or a system variable"}
	}
	name := lowerASCII(f.Name)
	pure, native := rs.native[name]
	native = native && f.Schema == ""
	v, declared := rs.declaredMySQL(f.Schema, name)
	if !declared && (!native || len(rs.byName[name]) > 0) {
		reason := "an unknown function"
		if len(rs.byName[name]) > 0 {
			reason = "a stored function"
		}
		// DETERMINISTIC and READS SQL DATA are promises that nobody checks. It
		// may also have been made, or loaded, since the catalog was read.
		return verdict{impure: reason, writes: reason, session: true}
	}
	if !native {
		return v
	}
	switch name {
	case "get_lock", "release_lock", "release_all_locks":
		v.merge(verdict{impure: "a function of named locks", session: true})
	}
	if !pure {
		v.merge(verdict{impure: "a function that is not known to be deterministic"})
	}
	return v
}

// declaredMySQL judges a stored function by what a user declares. ok is false
// unless all that the name may mean, in any database, are declared.
func (rs *routines) declaredMySQL(schema, name string) (v verdict, ok bool) {
	for _, r := range rs.byName[name] {
		if schema != "" && lowerASCII(schema) != lowerASCII(r.schema) {
			continue
		}
		if !r.declared {
			return verdict{}, false
		}
		ok = true
		if len(r.writes) > 0 {
			v.merge(verdict{impure: "a function that is declared to write", tables: r.writes})
		}
		if !r.immutable {
			v.merge(verdict{impure: "a function that is not immutable"})
		}
	}
	return v, ok
}
