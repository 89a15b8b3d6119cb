package providertest

import "github.com/syncform/syncform/providers/schema"

// foreignDatabases describes, for each system, a table with a column of each type that
// other systems may have to hold.
func foreignDatabases() []*schema.Database {
	mood := schema.Enum{Name: schema.Name{Schema: "public", Name: "mood"}, Labels: []string{"sad", "it's ok", "happy"}}
	pg := foreign(schema.PostgreSQL, 160006, "public",
		schema.Type{Native: "boolean", Kind: schema.Bool},
		schema.Type{Native: "smallint", Kind: schema.Int, Bits: 16},
		schema.Type{Native: "integer", Kind: schema.Int, Bits: 32},
		schema.Type{Native: "bigint", Kind: schema.Int, Bits: 64},
		schema.Type{Native: "numeric", Kind: schema.Decimal},
		schema.Type{Native: "numeric(10,2)", Kind: schema.Decimal, Precision: 10, Scale: 2},
		schema.Type{Native: "real", Kind: schema.Float, Bits: 32},
		schema.Type{Native: "double precision", Kind: schema.Float, Bits: 64},
		schema.Type{Native: "character(5)", Kind: schema.Char, Length: 5},
		schema.Type{Native: "character varying(20)", Kind: schema.Varchar, Length: 20},
		schema.Type{Native: "text", Kind: schema.Text},
		schema.Type{Native: "bytea", Kind: schema.Blob},
		schema.Type{Native: "date", Kind: schema.Date},
		schema.Type{Native: "time without time zone", Kind: schema.Time},
		schema.Type{Native: "time with time zone", Kind: schema.TimeTZ},
		schema.Type{Native: "timestamp without time zone", Kind: schema.Timestamp},
		schema.Type{Native: "timestamp with time zone", Kind: schema.TimestampTZ},
		schema.Type{Native: "interval", Kind: schema.Interval},
		schema.Type{Native: "uuid", Kind: schema.UUID},
		schema.Type{Native: "json", Kind: schema.JSON},
		schema.Type{Native: "jsonb", Kind: schema.JSONB},
		schema.Type{Native: "bit(9)", Kind: schema.Bit, Length: 9},
		schema.Type{Native: "bit varying", Kind: schema.VarBit},
		schema.Type{Native: "mood", Kind: schema.EnumKind, Name: mood.Name, Values: mood.Labels},
		schema.Type{Native: "integer[]", Kind: schema.Array, Elem: &schema.Type{Native: "integer", Kind: schema.Int, Bits: 32, System: schema.PostgreSQL}},
		schema.Type{Native: "text[]", Kind: schema.Array, Elem: &schema.Type{Native: "text", Kind: schema.Text, System: schema.PostgreSQL}},
		schema.Type{Native: "inet", Kind: schema.Other},
		schema.Type{Native: "int4range", Kind: schema.Other},
		schema.Type{Native: "tsvector", Kind: schema.Other},
		schema.Type{Native: "money", Kind: schema.Other},
	)
	pg.Enums = []schema.Enum{mood}
	common := []schema.Type{
		{Native: "tinyint(1)", Kind: schema.Bool},
		{Native: "tinyint", Kind: schema.Int, Bits: 8},
		{Native: "tinyint unsigned", Kind: schema.Int, Bits: 8, Unsigned: true},
		{Native: "smallint unsigned", Kind: schema.Int, Bits: 16, Unsigned: true},
		{Native: "mediumint", Kind: schema.Int, Bits: 24},
		{Native: "int", Kind: schema.Int, Bits: 32},
		{Native: "int unsigned", Kind: schema.Int, Bits: 32, Unsigned: true},
		{Native: "bigint", Kind: schema.Int, Bits: 64},
		{Native: "bigint unsigned", Kind: schema.Int, Bits: 64, Unsigned: true},
		{Native: "decimal(10,2)", Kind: schema.Decimal, Precision: 10, Scale: 2},
		{Native: "decimal(65,30)", Kind: schema.Decimal, Precision: 65, Scale: 30},
		{Native: "float", Kind: schema.Float, Bits: 32},
		{Native: "double", Kind: schema.Float, Bits: 64},
		{Native: "bit(9)", Kind: schema.Bit, Length: 9},
		{Native: "char(5)", Kind: schema.Char, Length: 5},
		{Native: "varchar(20)", Kind: schema.Varchar, Length: 20},
		{Native: "text", Kind: schema.Text, Length: 65535},
		{Native: "longtext", Kind: schema.Text},
		{Native: "binary(5)", Kind: schema.Binary, Length: 5},
		{Native: "varbinary(20)", Kind: schema.Varbinary, Length: 20},
		{Native: "longblob", Kind: schema.Blob},
		{Native: "date", Kind: schema.Date},
		{Native: "time(6)", Kind: schema.Time, Precision: 7},
		{Native: "datetime", Kind: schema.Timestamp, Precision: 1},
		{Native: "datetime(6)", Kind: schema.Timestamp, Precision: 7},
		{Native: "timestamp(6)", Kind: schema.TimestampTZ, Precision: 7},
		{Native: "year", Kind: schema.Year},
		{Native: "enum('small','it''s','a b')", Kind: schema.EnumKind, Values: []string{"small", "it's", "a b"}},
		{Native: "set('x','y','z''s')", Kind: schema.Set, Values: []string{"x", "y", "z's"}},
		{Native: "json", Kind: schema.JSON},
		{Native: "point", Kind: schema.Geometry},
	}
	my := foreign(schema.MySQL, 90700, "", common...)
	maria := foreign(schema.MariaDB, 101100, "", append(common, schema.Type{Native: "uuid", Kind: schema.UUID}, schema.Type{Native: "inet6", Kind: schema.Other})...)
	lite := foreign(schema.SQLite, 30000, "",
		schema.Type{Native: "INTEGER", Kind: schema.Int, Bits: 64},
		schema.Type{Native: "REAL", Kind: schema.Float, Bits: 64},
		schema.Type{Native: "TEXT", Kind: schema.Text},
		schema.Type{Native: "BLOB", Kind: schema.Blob},
	)
	return []*schema.Database{pg, my, maria, lite}
}

// foreign is a database with one table of a column per type.
func foreign(system schema.System, version int, defaultSchema string, types ...schema.Type) *schema.Database {
	id := schema.Type{Native: "bigint", Kind: schema.Int, Bits: 64, System: system}
	if system == schema.SQLite {
		id.Native = "INTEGER"
	}
	table := schema.Table{
		Name:       schema.Name{Schema: defaultSchema, Name: "v"},
		Columns:    []schema.Column{{Name: "id", Type: id}},
		PrimaryKey: &schema.Key{Name: "v_pkey", Parts: []schema.KeyPart{{Column: "id"}}},
	}
	for _, t := range types {
		t.System = system
		c := schema.Column{Name: "c " + t.Native, Type: t, Nullable: true}
		if t.IsText() && (system == schema.MySQL || system == schema.MariaDB) {
			c.Charset, c.Collation = "utf8mb4", "utf8mb4_general_ci"
		}
		table.Columns = append(table.Columns, c)
	}
	return &schema.Database{System: system, VersionNum: version, DefaultSchema: defaultSchema, Name: "foreign", Charset: "utf8mb4", Collation: "utf8mb4_general_ci", Tables: []schema.Table{table}}
}
