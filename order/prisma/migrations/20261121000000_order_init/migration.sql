-- 9007199254740991 is 2^53 - 1, the largest amount that JSON carries exactly.
CREATE TABLE "orders" (
    "id" TEXT PRIMARY KEY,
    "user_id" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'OPEN',
    "saga_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "orders_status" CHECK ("status" IN ('OPEN', 'CHECKING_OUT', 'PAID')),
    CONSTRAINT "orders_saga" CHECK ("status" = 'OPEN' OR "saga_id" IS NOT NULL)
) WITH (fillfactor = 70);

CREATE TABLE "order_lines" (
    "order_id" TEXT NOT NULL,
    "item_id" TEXT NOT NULL,
    "quantity" BIGINT NOT NULL,
    "price" BIGINT NOT NULL,
    PRIMARY KEY ("order_id", "item_id"),
    CONSTRAINT "order_lines_order_id_fkey" FOREIGN KEY ("order_id") REFERENCES "orders" ("id") ON DELETE CASCADE ON UPDATE NO ACTION,
    CONSTRAINT "order_lines_quantity" CHECK ("quantity" BETWEEN 1 AND 9007199254740991),
    CONSTRAINT "order_lines_price" CHECK ("price" BETWEEN 0 AND 2147483647)
);

CREATE TABLE "sagas" (
    "id" UUID PRIMARY KEY,
    "order_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'PENDING',
    "reason" TEXT,
    "traceparent" TEXT NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deadline_at" TIMESTAMPTZ(3) NOT NULL,
    "settled_at" TIMESTAMPTZ(3),
    CONSTRAINT "sagas_state" CHECK ("state" IN ('PENDING', 'PAID', 'FAILED')),
    CONSTRAINT "sagas_reason" CHECK (("state" = 'FAILED') = ("reason" IS NOT NULL)),
    CONSTRAINT "sagas_settled" CHECK (("state" = 'PENDING') = ("settled_at" IS NULL)),
    CONSTRAINT "sagas_amount" CHECK ("amount" BETWEEN 0 AND 9007199254740991)
) WITH (fillfactor = 70);
-- The work that is left: the sweeper and the gauges read this and nothing of the history behind it.
CREATE INDEX "sagas_pending" ON "sagas" ("deadline_at") WHERE "state" = 'PENDING';

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
    "saga_id" UUID,
    "status" SMALLINT,
    "body" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "idempotency_keys_answer" CHECK (("status" IS NULL) = ("body" IS NULL) AND ("saga_id" IS NULL) <> ("status" IS NULL))
);
CREATE INDEX "idempotency_keys_created_at_idx" ON "idempotency_keys" ("created_at");
