-- a001 create dim_users at target.mysql.analytics
CREATE TABLE `dim_users` (
  `user_id` bigint NOT NULL
);

-- a002 update fact_orders at target.mysql.analytics
ALTER TABLE `fact_orders` ADD COLUMN `loyalty_tier` varchar(20) DEFAULT 'bronze';

-- a003 update fact_orders at target.mysql.analytics
-- SF301: rewrites the table while writers wait, ~1,200,000 rows
ALTER TABLE `fact_orders` MODIFY COLUMN `qty` bigint;

-- a004 backfill dim_users at target.mysql.analytics
-- rows are copied into dim_users

-- a005 create dim_users at target.mysql.analytics
ALTER TABLE `dim_users` ADD PRIMARY KEY (`user_id`);

-- a006 create dim_users at target.mysql.analytics
CREATE UNIQUE INDEX ...;

-- a007 delete fact_orders at target.mysql.analytics
-- held: dropping a column waits for approval; release it with apply -approve='sync.warehouse.mapping["orders"].column["legacy_note"]'
-- SF101: drops the column and its values
-- ALTER TABLE `fact_orders` DROP COLUMN `legacy_note`;

-- a008 delete a\nsyncform \x1b[2J`x` at target.mysql.analytics
DROP TABLE `a
```b`;

