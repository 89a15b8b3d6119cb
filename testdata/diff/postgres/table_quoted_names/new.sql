CREATE TABLE "T ""x" ("A b" int PRIMARY KEY, "select" varchar(9) DEFAULT 'q''', "ü" int); CREATE INDEX "I ""x" ON "T ""x" ("ü" DESC, lower("select"));
