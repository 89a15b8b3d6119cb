CREATE TABLE customers (
  id      int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name    varchar(100) CHARACTER SET utf8mb4 NOT NULL,
  tier    enum('bronze', 'silver', 'gold') NOT NULL DEFAULT 'bronze',
  active  tinyint(1) NOT NULL DEFAULT 1,
  born    date,
  updated datetime(6) DEFAULT CURRENT_TIMESTAMP(6)
);
CREATE TABLE invoices (
  id          bigint NOT NULL PRIMARY KEY,
  customer_id int unsigned NOT NULL,
  amount      decimal(12, 2) NOT NULL,
  pdf         blob,
  KEY by_customer (customer_id),
  CONSTRAINT invoice_customer FOREIGN KEY (customer_id) REFERENCES customers (id)
);
INSERT INTO customers (id, name, tier, active, born) VALUES (1, 'Ann', 'gold', 1, '1980-02-29'), (4294967295, 'Bö 🌞', 'bronze', 0, NULL);
INSERT INTO invoices VALUES (1, 1, 12.50, x'00FF'), (2, 4294967295, -3.00, NULL);
