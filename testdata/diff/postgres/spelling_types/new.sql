CREATE TABLE public.t (a integer, b BIGINT, c character varying(3), d boolean, e double precision, f numeric(5,2), g timestamp(3) with time zone, h character(1), i char(2), j smallserial);
