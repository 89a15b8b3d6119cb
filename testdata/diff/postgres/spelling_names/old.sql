CREATE TABLE Foo (Bar int, "baz" text);
