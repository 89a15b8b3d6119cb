CREATE TABLE t (id int PRIMARY KEY, a varchar(10), KEY (a)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
