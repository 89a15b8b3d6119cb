CREATE TABLE "T ""x" ("A b" int PRIMARY KEY, "select" text);
