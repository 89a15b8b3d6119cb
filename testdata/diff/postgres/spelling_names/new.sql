create table "foo" ("bar" int, BAZ text);
