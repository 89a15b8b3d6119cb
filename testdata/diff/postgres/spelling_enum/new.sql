CREATE TYPE public.m AS ENUM ('a'); ALTER TYPE m ADD VALUE 'b' AFTER 'a'; CREATE TABLE t (x public.m DEFAULT 'a'::m, y m ARRAY DEFAULT '{a}'::m[]);
