CREATE TABLE `select ``x` (`a b` bigint PRIMARY KEY, `key` int COMMENT 'q''q', `ü` int, KEY `i ``x` (`ü`));
