-- 9007199254740991 is 2^53 - 1, the largest amount that JSON carries exactly.
CREATE TABLE "items" (
    "id" TEXT PRIMARY KEY,
    "price" BIGINT NOT NULL,
    "available" BIGINT NOT NULL DEFAULT 0,
    "held" BIGINT NOT NULL DEFAULT 0,
    CONSTRAINT "items_price" CHECK ("price" BETWEEN 0 AND 2147483647),
    CONSTRAINT "items_available" CHECK ("available" >= 0),
    CONSTRAINT "items_held" CHECK ("held" >= 0),
    CONSTRAINT "items_owned" CHECK ("available" + "held" <= 9007199254740991)
) WITH (fillfactor = 50);

CREATE TABLE "stock_ledger" (
    "id" BIGSERIAL PRIMARY KEY,
    "item_id" TEXT NOT NULL,
    "delta" BIGINT NOT NULL,
    "kind" TEXT NOT NULL,
    "saga_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "stock_ledger_kind" CHECK ("kind" IN ('init', 'add', 'subtract', 'sale')),
    CONSTRAINT "stock_ledger_sale" CHECK (("kind" = 'sale') = ("saga_id" IS NOT NULL))
);

CREATE TABLE "reservations" (
    "saga_id" UUID PRIMARY KEY,
    "arrival" BIGSERIAL NOT NULL,
    "order_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "item_ids" TEXT[] NOT NULL,
    "quantities" BIGINT[] NOT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT,
    "traceparent" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "reservations_state" CHECK ("state" IN ('WAITING', 'RESERVED', 'REJECTED', 'COMMITTED', 'RELEASED')),
    CONSTRAINT "reservations_reason" CHECK (("state" IN ('REJECTED', 'RELEASED')) = ("reason" IS NOT NULL)),
    CONSTRAINT "reservations_lines" CHECK (cardinality("item_ids") = cardinality("quantities"))
) WITH (fillfactor = 70);
-- Who waits for an item. Empty in quiet times, so it costs a sale nothing.
CREATE INDEX "reservations_waiting" ON "reservations" ("arrival") WHERE "state" = 'WAITING';

CREATE TABLE "outbox" (
    "id" BIGSERIAL PRIMARY KEY,
    "routing_key" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "tried_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
-- Rows live for milliseconds: vacuum on a small absolute number of dead ones, whatever the table's size.
ALTER TABLE "outbox" SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

CREATE TABLE "idempotency_keys" (
    "key" TEXT PRIMARY KEY,
    "fingerprint" TEXT NOT NULL,
    "status" SMALLINT,
    "body" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "idempotency_keys_answer" CHECK ("status" IS NOT NULL AND "body" IS NOT NULL)
);
CREATE INDEX "idempotency_keys_created_at_idx" ON "idempotency_keys" ("created_at");
