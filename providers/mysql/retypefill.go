package mysql

import (
	"fmt"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// A batch's rows are locked for as long as they are written.
const (
	retypeRows  = 1000
	retypeBytes = 4 << 20
)

// retypeTries is how often in all a batch that meets others' locks is tried again.
const retypeTries = 100

// fill gives the rows that are there their values: the triggers compute them. It goes
// through all rows by their key, a batch a transaction; a row that has its value is not
// written again, so that it can begin anew after any end.
func (r *retype) fill() {
	key := r.t.PrimaryKey.Columns()
	from, to := make([]string, len(key)), make([]string, len(key))
	var declares []string
	for i, k := range key {
		from[i], to[i] = fmt.Sprintf("from%d", i), fmt.Sprintf("to%d", i)
		declares = append(declares, "DECLARE "+from[i]+", "+to[i]+" "+variableType(r.t.Column(k))+";")
	}
	batch := int64(retypeRows)
	if r.t.Bytes > 0 && r.t.Rows > 0 {
		batch = max(10, min(batch, retypeBytes/max(1, r.t.Bytes/r.t.Rows)))
	}
	list, rows := idents(key), r.table+" FORCE INDEX (PRIMARY)"
	after := "WHERE " + bound(key, ">", ">=", from)
	update := "UPDATE " + rows + " SET " + strings.Join(append([]string{r.new + " = " + r.new}, r.untouched()...), ", ") + " " + after
	procedure := tableIdent(retypeTrigger(r.c.In, r.added.Name, "fill"))
	r.add("DROP PROCEDURE IF EXISTS "+procedure+";\nCREATE PROCEDURE "+procedure+"()\nBEGIN\n"+strings.Join(declares, "\n")+fmt.Sprintf(`
DECLARE more BOOL DEFAULT TRUE;
DECLARE again BOOL;
DECLARE tries INT DEFAULT 0;
DECLARE CONTINUE HANDLER FOR NOT FOUND SET more = FALSE;
SELECT %[1]s INTO %[2]s FROM %[3]s ORDER BY %[1]s LIMIT 1;
WHILE more DO
    SET again = FALSE;
    SELECT %[1]s INTO %[4]s FROM %[3]s %[5]s ORDER BY %[1]s LIMIT 1 OFFSET %[6]d;
    BEGIN
        DECLARE EXIT HANDLER FOR 1205, 1213 BEGIN
            SET again = TRUE, tries = tries + 1;
            IF tries > %[7]d THEN RESIGNAL; END IF;
        END;
        IF more THEN
            %[8]s AND %[9]s;
        ELSE
            %[8]s;
        END IF;
    END;
    IF again THEN
        SET more = TRUE;
    ELSEIF more THEN
        SET %[10]s;
    END IF;
END WHILE;
END`, list, strings.Join(from, ", "), rows, strings.Join(to, ", "), after, batch, retypeTries, update, bound(key, "<", "<", to), assign(from, to))+
		";\nSET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;\nCALL "+procedure+"();\nDROP PROCEDURE "+procedure, "")
}

// untouched keeps what the server would set on every update.
func (r *retype) untouched() (out []string) {
	for _, c := range r.t.Columns {
		if c.OnUpdate != "" {
			out = append(out, ident(c.Name)+" = "+ident(c.Name))
		}
	}
	return out
}

// bound compares a key with values, column by column: past is the comparison of all but
// the last, last that of the last. The first column's is said twice, for the index.
func bound(key []string, past, last string, values []string) string {
	n := len(key) - 1
	text := ident(key[n]) + " " + last + " " + values[n]
	for i := n - 1; i >= 0; i-- {
		text = fmt.Sprintf("(%s %s %s OR %s = %s AND %s)", ident(key[i]), past, values[i], ident(key[i]), values[i], text)
	}
	if n > 0 {
		text = fmt.Sprintf("%s %s= %s AND %s", ident(key[0]), past, values[0], text)
	}
	return text
}

func assign(names, values []string) string {
	out := make([]string, len(names))
	for i := range names {
		out[i] = names[i] + " = " + values[i]
	}
	return strings.Join(out, ", ")
}

// variableType declares a variable that holds a column's values.
func variableType(c *schema.Column) string {
	if c.Type.IsText() && c.Charset != "" && c.Collation != "" {
		return c.Type.Native + " CHARACTER SET " + c.Charset + " COLLATE " + c.Collation
	}
	return c.Type.Native
}
