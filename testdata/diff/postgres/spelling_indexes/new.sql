CREATE TABLE t (a text, b int); CREATE INDEX t_lower_idx ON public.t USING btree (lower(a) ASC NULLS LAST); CREATE INDEX i ON t USING btree (b DESC NULLS FIRST) WHERE (a <> ''::text);
