package mysql

import (
	"bytes"

	"github.com/syncform/syncform/providers/schema"
)

// checkTime drops the zone of an instant and refuses what the server would round,
// read as another time, or not know.
func checkTime(from, to schema.Type) checker {
	digits := to.FractionalDigits(0)
	dated := to.Kind != schema.Time
	return func(scratch *[]byte, v []byte) ([]byte, string) {
		if dated {
			// Four digits and a hyphen begin every date that the server knows.
			if len(v) < 10 || v[4] != '-' || v[len(v)-1] == 'C' {
				return nil, reasonCalendar
			}
			v = bytes.TrimSuffix(v, []byte("+00"))
		}
		switch {
		case to.Kind == schema.Date && len(v) > 10:
			if day, ok := bytes.CutSuffix(v, []byte(" 00:00:00")); ok {
				return day, ""
			}
			return nil, "the value has a time of day, which a date column drops"
		case from.Kind == schema.TimeTZ:
			return nil, "the value has a time zone, which a time column drops"
		}
		point := bytes.IndexByte(v, '.')
		if point < 0 || len(v)-point-1 <= digits {
			return v, ""
		}
		if len(bytes.TrimRight(v[point+1+digits:], "0")) > 0 {
			return nil, reasonFraction
		}
		if digits == 0 {
			return v[:point], ""
		}
		return v[:point+1+digits], ""
	}
}
