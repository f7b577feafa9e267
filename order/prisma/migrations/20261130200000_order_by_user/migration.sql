-- migrate: no transaction
-- A buyer's own orders, the newest first.
CREATE INDEX CONCURRENTLY IF NOT EXISTS "orders_user_id_id_idx" ON "orders" ("user_id", "id");
