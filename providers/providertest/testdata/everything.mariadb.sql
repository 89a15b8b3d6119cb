CREATE SEQUENCE free_seq START WITH 10 INCREMENT BY 5 MINVALUE 5 MAXVALUE 500 CACHE 3 CYCLE

CREATE TABLE scalars (
  id bigint PRIMARY KEY,
  b boolean, b1 tinyint(1), i1 tinyint, i1u tinyint unsigned, i2 smallint NOT NULL, i2u smallint unsigned, i3 mediumint, i3u mediumint unsigned,
  i4 int, i4u int unsigned, i9 int(9), iz int(6) zerofill, i8 bigint, i8u bigint unsigned,
  n decimal, n52 decimal(5,2), n52u decimal(5,2) unsigned, n65 decimal(65,30), f float, d double, du double unsigned,
  bi bit, bi8 bit(8), bi64 bit(64),
  c char, c5 char(5), v20 varchar(20), t1 tinytext, t text, t2 mediumtext, t4 longtext,
  by1 binary, by5 binary(5), vb20 varbinary(20), bl1 tinyblob, bl blob, bl2 mediumblob, bl4 longblob,
  da date, ti time, ti3 time(3), dt datetime, dt6 datetime(6), ts timestamp NULL, ts3 timestamp(3) NULL, y year,
  e enum('small', 'it''s', 'a b', 'ünï') NOT NULL, s set('x', 'y', 'z''s'),
  j json, u uuid, ip6 inet6,
  g geometry, p point, ls linestring, po polygon, mp multipoint, ml multilinestring, mpo multipolygon, gc geometrycollection
)

CREATE TABLE defaults (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  b boolean DEFAULT true, i int DEFAULT 7, neg int DEFAULT -7, n decimal(10,2) DEFAULT 1.50, d double DEFAULT 1.5e300,
  v varchar(20) DEFAULT 'it''s a \\ "quote"', v2 varchar(20) NOT NULL DEFAULT '', nul varchar(20) DEFAULT NULL, c char(5) DEFAULT 'ab',
  da date DEFAULT '2024-02-29', ti time DEFAULT '-12:30:00', dt datetime DEFAULT '2024-02-29 12:30:00', y year DEFAULT 2024,
  now1 datetime DEFAULT CURRENT_TIMESTAMP, now2 timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  now3 datetime(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), upd datetime DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP,
  calc int DEFAULT ((1 + 2) * 3), u uuid DEFAULT uuid(), low varchar(10) DEFAULT lower('ABC'), t text DEFAULT 'text', j json DEFAULT json_object('a', 1),
  today date DEFAULT curdate(), e enum('a', 'it''s') DEFAULT 'it''s', s set('x', 'y') DEFAULT 'x,y', bi bit(3) DEFAULT b'101', by3 binary(3) DEFAULT 'abc',
  seq bigint DEFAULT nextval(free_seq)
)

CREATE TABLE computed (
  a int, b varchar(20),
  kept int GENERATED ALWAYS AS (a * 2) STORED,
  virt varchar(40) GENERATED ALWAYS AS (concat(b, 'x''y')) VIRTUAL,
  KEY ix_virt (virt)
)

CREATE TABLE parents (
  a int, b int, c varchar(20), code varchar(10) NOT NULL, region varchar(10) NOT NULL,
  PRIMARY KEY (region, code), UNIQUE KEY parents_ab (a, b), UNIQUE KEY parents_code (code)
)

CREATE TABLE children (
  id int PRIMARY KEY, parent int, a int, b int, code varchar(10), region varchar(10),
  CONSTRAINT fk_self FOREIGN KEY (parent) REFERENCES children (id) ON DELETE CASCADE,
  CONSTRAINT fk_ab FOREIGN KEY (a, b) REFERENCES parents (a, b) ON UPDATE CASCADE ON DELETE SET NULL,
  CONSTRAINT fk_pk FOREIGN KEY (region, code) REFERENCES parents (region, code) ON DELETE RESTRICT ON UPDATE NO ACTION,
  KEY own_index (b, id)
)

CREATE TABLE round_a (id int PRIMARY KEY, b int)

CREATE TABLE round_b (id int PRIMARY KEY, a int, CONSTRAINT round_b_a FOREIGN KEY (a) REFERENCES round_a (id))

ALTER TABLE round_a ADD CONSTRAINT round_a_b FOREIGN KEY (b) REFERENCES round_b (id)

CREATE TABLE checks (
  a int CHECK (a > 0), b varchar(20), c int,
  CONSTRAINT `b is short` CHECK (char_length(b) < 10 AND b <> 'it''s'), CONSTRAINT both_of_them CHECK (a < c OR c IS NULL)
)

CREATE TABLE indexed (
  id int NOT NULL PRIMARY KEY, a int, b varchar(100), c text, g point NOT NULL, by20 varbinary(20), d datetime,
  KEY ix_plain (a), KEY ix_desc (a DESC, b), UNIQUE KEY ix_unique (b, a), KEY ix_prefix (c(10), by20(5)), KEY ix_comment (d) COMMENT 'it''s a comment',
  FULLTEXT KEY ix_full (b, c), SPATIAL KEY ix_space (g), KEY ix_hidden (d) IGNORED
)

CREATE TABLE hidden (id int PRIMARY KEY, seen int, unseen int INVISIBLE DEFAULT 5)

CREATE TABLE collated (
  a varchar(20) CHARACTER SET latin1, b varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, c text CHARACTER SET ascii, d varchar(20) COLLATE utf8mb4_general_ci,
  e enum('x') CHARACTER SET latin1 COLLATE latin1_bin, f varchar(20), by10 char(10) CHARACTER SET utf8mb3
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci

CREATE TABLE latin (a varchar(20), b char(5) COLLATE latin1_german2_ci) DEFAULT CHARSET = latin1

CREATE TABLE commented (a int COMMENT 'an ''a'' \\ b', `b c` int) COMMENT = 'a table\nwith ''two'' lines'

CREATE TABLE options (a int PRIMARY KEY, b text) ROW_FORMAT = COMPRESSED KEY_BLOCK_SIZE = 8

CREATE TABLE dynamic (a int PRIMARY KEY) ROW_FORMAT = DYNAMIC STATS_PERSISTENT = 1

CREATE TABLE by_range (id int NOT NULL, at date NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (year(at)) (PARTITION p2023 VALUES LESS THAN (2024), PARTITION p2024 VALUES LESS THAN (2025) COMMENT = 'now', PARTITION rest VALUES LESS THAN MAXVALUE)

CREATE TABLE by_columns (a int NOT NULL, b varchar(10) NOT NULL) PARTITION BY RANGE COLUMNS (a, b) (PARTITION p0 VALUES LESS THAN (5, 'm'), PARTITION p1 VALUES LESS THAN (MAXVALUE, MAXVALUE))

CREATE TABLE by_list (id int NOT NULL) PARTITION BY LIST (id) (PARTITION odd VALUES IN (1, 3, 5), PARTITION even VALUES IN (2, 4, 6))

CREATE TABLE by_hash (id int NOT NULL PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 4

CREATE TABLE by_key (id int NOT NULL PRIMARY KEY, v int) PARTITION BY KEY (id) PARTITIONS 3

CREATE TABLE sub (id int NOT NULL, at date NOT NULL) PARTITION BY RANGE (to_days(at)) SUBPARTITION BY HASH (id) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (739000), PARTITION p1 VALUES LESS THAN MAXVALUE)

CREATE TABLE no_key (a int, b varchar(20))

CREATE TABLE `Ünï ``Table``` (`Col Ümn` int PRIMARY KEY, `select` varchar(20), UNIQUE KEY `Odd "Name"` (`select`))
