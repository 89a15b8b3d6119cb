create table parent (id int primary key, `we``ird "na'me` varchar(10) unique, k2 int not null, unique (id,k2));
create table types (
 a tinyint(1) default 1, b tinyint, c smallint unsigned, d mediumint(5) unsigned zerofill default 7, e int, f bigint(20) default -5,
 g decimal(10,2) default 1.5, h numeric, i float, j float(7,3), k double, l double(10,2) unsigned, m bit, n bit(10) default b'101',
 o date default '0000-00-00', p datetime default '2024-01-01', q datetime(3) default current_timestamp(3) on update current_timestamp(3), r timestamp null, s timestamp(6) not null default current_timestamp(6), t time default '-10:00:00', u time(2) default '10:00:00.5', v year default 2024,
 w char(10) default 'it''s', x varchar(20) default 'back\\slash\nnew', y binary(3) default 'ab', z varbinary(20) default x'00ff27', aa tinyblob, ab blob, ac mediumblob, ad longblob, ae tinytext, af text charset latin1, ag mediumtext, ah longtext collate utf8mb4_bin, ai varchar(10) charset latin1 default 'é',
 aj enum('a','b''c','d,e','\\','') default 'b''c', ak set('x','y') default 'x,y', al json, am geometry, an point, ao varchar(10) default '', ap int not null default 0, aq double default 1e100, ar float default 1.25, at varchar(5) default '😀', au varchar(5) default '?'
) comment='it''s a "comment" 100%';
create table `select` (`from` int, `order` int default 5 comment 'a ''b'' \\ "c" `d`');

create table `select2` (id int primary key);
create table `ünï ``cödé"'x` (`a b` int not null, `c``d` varchar(10), `e'f"g` int, primary key (`a b`), key `k ``1` (`c``d`), constraint `fk ``y` foreign key (`e'f"g`) references `select2` (`id`));

create table gen (id int not null auto_increment, a int, b int generated always as (a+1) virtual comment 'x', c varchar(50) as (concat('x''y', id2, '\\')) stored, id2 int, d int invisible, primary key(id), key k1 (a desc, b), key k2 (c(10)) comment 'ko', unique key u1 (b), constraint chk1 check (id2 > 0 and e2 <> 'it''s'), check (id2 <> 5), e2 varchar(10), fulltext key ft (c), constraint fk1 foreign key (a) references parent(id) on delete set null on update cascade) auto_increment=100 row_format=compressed key_block_size=8;
create table fk2 (p int, q int, key (p), constraint `fk``x` foreign key (p,q) references parent(id,k2) on delete restrict on update no action, r varchar(10), foreign key (r) references parent(`we``ird "na'me`) on delete cascade);
create table part1 (id int not null, d date not null, s varchar(10), primary key (id,d)) partition by range (year(d)) (partition p0 values less than (2000) comment='x', partition p1 values less than (2010), partition pm values less than maxvalue);
create table part2 (id int not null, d date not null) partition by range columns (id,d) subpartition by hash(id) subpartitions 2 (partition p0 values less than (10,'2000-01-01'), partition `p 1` values less than (maxvalue,maxvalue));
create table part3 (id int not null primary key) partition by key () partitions 4;
create table part4 (id int) partition by list(id) (partition a values in (1,2,null), partition b values in (3));
create table part5 (id int) partition by linear hash(id) partitions 3;
create table sp (g point not null, h geometry not null, spatial key (g), k int, key using hash (k));
create table secondauto (a int not null, id bigint unsigned not null auto_increment, b int, primary key (a, id), key by_id (id));
create table noauto (id int not null auto_increment, unique key (id));
create table bin1 (a varchar(20) charset binary, b varchar(10) character set utf8mb3 collate utf8mb3_bin, c char(3) charset ascii, d varchar(10) collate utf8mb4_unicode_ci) default charset latin1 collate latin1_general_cs;
create table stats (a int, b int, key (a) key_block_size=4) stats_persistent=0 stats_auto_recalc=1 row_format=dynamic;
create table cyc1 (id int primary key, other int);
create table cyc2 (id int primary key, other int, foreign key (other) references cyc1(id));
alter table cyc1 add foreign key (other) references cyc2(id), add foreign key (other) references cyc1(id);
create view v as select 1 as one; create trigger tr before insert on parent for each row set new.k2 = 1; create function fn() returns int deterministic return 1; create procedure pr() select 1; create event ev on schedule every 1 day do set @x = 1;
