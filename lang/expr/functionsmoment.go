package expr

import (
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/syncform/syncform/providers/schema"
)

// Functions of the moment and of chance: for metadata columns only.
var momentFunctions = []function{
	{name: "CURRENT_TIMESTAMP", aliases: []string{"NOW", "LOCALTIME", "LOCALTIMESTAMP", "SYSDATE", "UTC_TIMESTAMP"}, group: "The moment, in add_metadata only", args: "[digits]", result: "timestamptz", least: 0, most: 1, metadata: true,
		text: "When the row is written, with so many digits of a second.", bind: moment(cDateTime, schema.TimestampTZ, func(v *value, t time.Time, digits int) {
			us := t.Unix()*usSecond + int64(t.Nanosecond())/1000
			us -= us % pow10[6-digits]
			days := floorDiv(us, usDay)
			v.i, v.j = ofDayNumber(days), us-days*usDay
		})},
	{name: "CURRENT_DATE", aliases: []string{"CURDATE", "UTC_DATE"}, group: "The moment, in add_metadata only", args: "", result: "date", least: 0, most: 0, metadata: true,
		text: "The day on which the row is written, in UTC.", bind: moment(cDate, schema.Date, func(v *value, t time.Time, _ int) { v.i = ofDayNumber(floorDiv(t.Unix(), 86400)) })},
	{name: "CURRENT_TIME", aliases: []string{"CURTIME", "UTC_TIME"}, group: "The moment, in add_metadata only", args: "[digits]", result: "time", least: 0, most: 1, metadata: true,
		text: "The time of day at which the row is written, in UTC.", bind: moment(cTime, schema.Time, func(v *value, t time.Time, digits int) {
			us := t.Unix()*usSecond + int64(t.Nanosecond())/1000
			us -= floorDiv(us, usDay) * usDay
			v.i = us - us%pow10[6-digits]
		})},
	{name: "UUID", group: "The moment, in add_metadata only", args: "", result: "uuid", least: 0, most: 0, metadata: true, text: "A new UUID for each row.", bind: func(c *checker, n *Node, _ []*typed) (*typed, *Error) {
		return varying(n, cText, schema.Type{Kind: schema.UUID}, func(m *machine, v *value) {
			at := len(m.arena)
			m.arena = append(m.arena, uuid.NewString()...)
			m.keep(v, at)
		}), nil
	}},
	{name: "RAND", group: "The moment, in add_metadata only", args: "", result: "double", least: 0, most: 0, metadata: true, text: "A number from 0 to below 1.", bind: func(c *checker, n *Node, _ []*typed) (*typed, *Error) {
		return varying(n, cFloat, typDouble, func(_ *machine, v *value) { v.null, v.f = false, rand.Float64() }), nil
	}},
}

// varying is a node whose value no row decides.
func varying(n *Node, k class, t schema.Type, f eval) *typed {
	return &typed{node: n, class: k, typ: t, make: func() eval { return f }}
}

func moment(k class, kind schema.Kind, f func(v *value, t time.Time, digits int)) func(*checker, *Node, []*typed) (*typed, *Error) {
	return func(c *checker, n *Node, a []*typed) (*typed, *Error) {
		digits := 0
		if len(a) > 0 {
			if a[0].value == nil || a[0].class != cInt || a[0].value.i < 0 || a[0].value.i > 6 {
				return nil, errorAt(a[0].node, "Seconds have 0 to 6 digits behind the point.")
			}
			digits = int(a[0].value.i)
		}
		t := schema.Type{Kind: kind}
		if kind != schema.Date {
			t.Precision = digits + 1
		}
		return varying(n, k, t, func(m *machine, v *value) {
			v.null = false
			f(v, m.now, digits)
		}), nil
	}
}
