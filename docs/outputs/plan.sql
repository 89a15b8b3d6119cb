-- a001 update customers at target.sqlite.copy
-- ALTER TABLE can't do this: the table is made anew, shape 68350bbe2581 of "customers"
CREATE TABLE "_sync_load_40bd7b367228e55d49e44f98" (
  "id" INTEGER NOT NULL PRIMARY KEY,
  "email" TEXT,
  "status" TEXT NOT NULL DEFAULT 'active',
  CHECK (status IN ('new', 'active', 'gone'))
);
INSERT OR ABORT INTO "_sync_load_40bd7b367228e55d49e44f98" ("id", "email", "status") SELECT "id", "email", "status" FROM "customers";
DROP TABLE "customers";
PRAGMA legacy_alter_table = ON;
ALTER TABLE "_sync_load_40bd7b367228e55d49e44f98" RENAME TO "customers";
PRAGMA legacy_alter_table = OFF;

-- a002 update customers at target.sqlite.copy
-- held: it may take away what is there. Release it with apply -approve='sync.shop.mapping["users"].column["email"]', or for good with allow_hazards = ["SF105"] in the mapping
-- SF105: NOT NULL: fails while any row holds NULL
-- -- ALTER TABLE can't do this: the table is made anew, shape 68350bbe2581 of "customers"
-- CREATE TABLE "_sync_load_45cb83c7dd88879495de8a82" (
--   "id" INTEGER NOT NULL PRIMARY KEY,
--   "email" TEXT NOT NULL,
--   "status" TEXT NOT NULL DEFAULT 'active',
--   CHECK (status IN ('new', 'active', 'gone'))
-- );
-- INSERT OR ABORT INTO "_sync_load_45cb83c7dd88879495de8a82" ("id", "email", "status") SELECT "id", "email", "status" FROM "customers";
-- DROP TABLE "customers";
-- PRAGMA legacy_alter_table = ON;
-- ALTER TABLE "_sync_load_45cb83c7dd88879495de8a82" RENAME TO "customers";
-- PRAGMA legacy_alter_table = OFF;

-- a003 create orders at target.sqlite.copy
CREATE INDEX "orders_user" ON "orders" ("user_id");

