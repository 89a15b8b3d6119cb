// Package expr is the SQL of mappings: filters, transforms and metadata columns, in
// one dialect over the columns of one row, whatever the databases are.
//
// Parse reads a text, Check gives it types against the columns of a table and finds
// everything that can be found before a row is seen, Compile makes a Program, which
// evaluates rows of canonical text (package row). A Checked may be shared; a Program
// belongs to one goroutine, keeps its memory from row to row and allocates nothing for
// a row of ordinary size.
//
// Names, precedence, functions and results are MySQL's, with these differences, all on
// the strict side: text is compared byte by byte; a value is never bent to a type
// that it doesn't have, so that text is no number until CAST says so, and a CAST that
// can't be done is a *ValueError and not a NULL or a 0; so are division by zero and
// overflow. What a user of PostgreSQL would mean otherwise is refused, with the rewrite.
package expr
