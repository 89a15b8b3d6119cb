CREATE TABLE `select ``x` (`a b` int PRIMARY KEY, `key` int);
