// Package row holds what flows from a source to a target: batches of rows as
// canonical text, and positions.
//
// # Canonical text
//
// A field is a run of bytes and a State. The bytes are the canonical text of the
// column's logical type (schema.Kind), the same whatever system the value came from:
//
//	bool              t or f
//	int, year         decimal digits, '-' where negative, no '+', no leading zeros
//	decimal           digits with the scale that the server gave (1.00 stays 1.00), no exponent;
//	                  NaN, Infinity, -Infinity
//	float             the shortest text that reads back as the same float of its width, as
//	                  PostgreSQL writes it (1.5, 1e+20, -0); NaN, Infinity, -Infinity
//	char              the text without trailing spaces that only pad
//	varchar, text     the text, UTF-8
//	xml, json, jsonb  the text, UTF-8, as the server wrote it
//	uuid              lower case, with hyphens
//	enum              the label
//	set               the labels joined by ',' in the order of the type
//	binary, varbinary,
//	blob, geometry    the raw bytes (geometry: MySQL's form, 4 bytes SRID little-endian, then WKB)
//	bit, varbit       a digit 0 or 1 per bit
//	date              2024-02-29; year of at least 4 digits; " BC" behind; infinity, -infinity;
//	                  MySQL's 0000-00-00 and partial zero dates as they are
//	time              15:04:05[.ffffff] without trailing zeros in the fraction; 24:00:00;
//	                  MySQL's may be negative and past 24 hours: -838:59:59
//	timetz            a time, then +05, -03:30 or +05:30:15
//	timestamp         a date, a space, a time; " BC" behind all
//	timestamptz       a timestamp in UTC with +00 behind the time, before " BC"
//	interval          PostgreSQL's intervalstyle postgres: 1 year 2 mons -3 days 04:05:06.7
//	array             PostgreSQL's literal: {1,NULL,"a b"}; elements in their canonical text, bytea as \x hex
//	other             the text of the server that has the type
//
// Equal text is not needed for equal values: Normal gives the one normal form of
// a value, which verify, conflicts and hashes use.
package row
