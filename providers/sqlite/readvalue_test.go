package sqlite

import (
	"testing"

	"github.com/syncform/syncform/providers/schema"
)

func TestTimesAsApplicationsWriteThem(t *testing.T) {
	const refused = ""
	for _, c := range []struct {
		kind     schema.Kind
		in, want string
	}{
		{schema.Timestamp, "2024-02-29 15:04:05", "2024-02-29 15:04:05"},
		{schema.Timestamp, "2024-02-29T15:04:05.120Z", "2024-02-29 15:04:05.12"},
		{schema.Timestamp, "2024-02-29T15:04", "2024-02-29 15:04:00"},
		{schema.Timestamp, "2024-02-29", "2024-02-29 00:00:00"},
		{schema.Timestamp, "2024-02-29 15:04:05+00:00", "2024-02-29 15:04:05"},
		{schema.Timestamp, "2024-02-29 15:04:05+01:00", refused},
		{schema.Timestamp, "2024-02-29 15:04:05.123456789", refused},
		{schema.Timestamp, "2024-02-29 15:04:05.123456000", "2024-02-29 15:04:05.123456"},
		{schema.Timestamp, "2024-02-30 15:04:05", refused},
		{schema.Timestamp, "2023-02-29 15:04:05", refused},
		{schema.Timestamp, "29.02.2024", refused},
		{schema.Timestamp, "02/29/2024", refused},
		{schema.Timestamp, "20240229", refused},
		{schema.Timestamp, "2024-2-9", refused},
		{schema.Timestamp, "2024-02-29 24:00:00", refused},
		{schema.Timestamp, "2024-02-29 15:04:05 PM", refused},
		{schema.Timestamp, "0000-00-00 00:00:00", "0000-00-00 00:00:00"},
		{schema.Timestamp, "0044-03-15 12:00:00 BC", "0044-03-15 12:00:00 BC"},
		{schema.Timestamp, "294276-12-31 23:59:59.999999", "294276-12-31 23:59:59.999999"},
		{schema.Timestamp, "infinity", "infinity"},
		{schema.TimestampTZ, "2024-02-29 15:04:05", "2024-02-29 15:04:05+00"},
		{schema.TimestampTZ, "2024-02-29T23:04:05.5-03:30", "2024-03-01 02:34:05.5+00"},
		{schema.TimestampTZ, "2024-02-29 15:04:05+0530", "2024-02-29 09:34:05+00"},
		{schema.TimestampTZ, "0044-03-15 12:00:00+00 BC", "0044-03-15 12:00:00+00 BC"},
		{schema.TimestampTZ, "12024-03-15 12:00:00+01", refused},
		{schema.Date, "2024-02-29", "2024-02-29"},
		{schema.Date, "2024-02-29 00:00:00", "2024-02-29"},
		{schema.Date, "2024-02-29T10:00:00", refused},
		{schema.Date, "2024-02", refused},
		{schema.Date, "0044-03-15 BC", "0044-03-15 BC"},
		{schema.Time, "15:04", "15:04:00"},
		{schema.Time, "15:04:05.100", "15:04:05.1"},
		{schema.Time, "24:00:00", "24:00:00"},
		{schema.Time, "-838:59:59", "-838:59:59"},
		{schema.Time, "15:60:00", refused},
		{schema.Time, "15:04:05+01", refused},
		{schema.Time, "3 PM", refused},
		{schema.TimeTZ, "15:04:05-03:30", "15:04:05-03:30"},
		{schema.TimeTZ, "15:04:05", refused},
	} {
		got, problem := appendTime([]byte("x"), []byte(c.in), schema.Type{Kind: c.kind})
		if (problem != "") != (c.want == refused) || string(got) != "x"+c.want {
			t.Errorf("%s %q: %q, problem %q; want %q", c.kind, c.in, got, problem, c.want)
		}
	}
	if _, problem := appendTime(nil, []byte("2024-02-29 15:04:05.1234"), schema.Type{Kind: schema.Timestamp, Precision: 4}); problem == "" {
		t.Error("four digits in a TIMESTAMP(3)")
	}
}

func TestDecimals(t *testing.T) {
	ten := schema.Type{Kind: schema.Decimal, Precision: 10, Scale: 2}
	for _, c := range []struct {
		t        schema.Type
		in, want string
	}{
		{ten, "1.10", "1.10"}, {ten, "+007.5", "7.5"}, {ten, "-0.00", "0.00"}, {ten, "1.001", ""}, {ten, "1.000", "1.000"}, {ten, "123456789", ""}, {ten, "12345678.99", "12345678.99"},
		{ten, "1e2", "100"}, {ten, "1.5e-1", "0.15"}, {ten, "abc", ""}, {ten, "", ""}, {ten, ".", ""}, {ten, "1e", ""}, {ten, "0x10", ""},
		{schema.Type{Kind: schema.Decimal}, "123456789012345678901234567890.5", "123456789012345678901234567890.5"},
		{schema.Type{Kind: schema.Decimal, Precision: 5, Scale: -2}, "1234500", "1234500"}, {schema.Type{Kind: schema.Decimal, Precision: 5, Scale: -2}, "1234567", ""},
		{schema.Type{Kind: schema.Decimal, Precision: 3, Scale: 5}, "0.00123", "0.00123"}, {schema.Type{Kind: schema.Decimal, Precision: 3, Scale: 5}, "1.00123", ""},
	} {
		got, problem := appendDecimal(nil, []byte(c.in), c.t)
		if (problem != "") != (c.want == "") || string(got) != c.want {
			t.Errorf("%q as a decimal(%d,%d): %q, problem %q; want %q", c.in, c.t.Precision, c.t.Scale, got, problem, c.want)
		}
	}
	tenth, fifth := 0.1, 0.2
	for f, want := range map[float64]string{1.1: "1.10", 0.05: "0.05", -0.5: "-0.50", 12345678.99: "12345678.99", 0: "0", tenth + fifth: "", 123456789.5: ""} {
		got, problem := appendReal(nil, f, ten)
		if (problem != "") != (want == "") || string(got) != want {
			t.Errorf("%v as a decimal(10,2): %q, problem %q; want %q", f, got, problem, want)
		}
	}
	if got, _ := appendReal(nil, 1e21, schema.Type{Kind: schema.Decimal}); string(got) != "1000000000000000000000" {
		t.Errorf("1e21 is %s", got)
	}
}
