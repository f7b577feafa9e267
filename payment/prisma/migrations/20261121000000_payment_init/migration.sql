-- 9007199254740991 is 2^53 - 1, the largest amount that JSON carries exactly.
CREATE TABLE "users" (
    "id" TEXT PRIMARY KEY,
    "credit" BIGINT NOT NULL DEFAULT 0,
    CONSTRAINT "users_credit" CHECK ("credit" BETWEEN 0 AND 9007199254740991)
) WITH (fillfactor = 60);

CREATE TABLE "credit_ledger" (
    "id" BIGSERIAL PRIMARY KEY,
    "user_id" TEXT NOT NULL,
    "delta" BIGINT NOT NULL,
    "kind" TEXT NOT NULL,
    "saga_id" UUID,
    "order_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "credit_ledger_kind" CHECK ("kind" IN ('init', 'add_funds', 'capture', 'pay', 'order_payment', 'order_refund')),
    CONSTRAINT "credit_ledger_capture" CHECK (("kind" = 'capture') = ("saga_id" IS NOT NULL))
);

CREATE TABLE "charges" (
    "saga_id" UUID PRIMARY KEY,
    "order_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "charges_state" CHECK ("state" IN ('CAPTURED', 'REJECTED', 'CANCELLED')),
    CONSTRAINT "charges_reason" CHECK (("state" = 'CAPTURED') = ("reason" IS NULL)),
    CONSTRAINT "charges_amount" CHECK ("amount" BETWEEN 0 AND 9007199254740991)
);

CREATE TABLE "order_payments" (
    "user_id" TEXT NOT NULL,
    "order_id" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "state" TEXT NOT NULL,
    PRIMARY KEY ("user_id", "order_id"),
    CONSTRAINT "order_payments_state" CHECK ("state" IN ('PAID', 'CANCELLED')),
    CONSTRAINT "order_payments_amount" CHECK ("amount" BETWEEN 1 AND 2147483647)
);

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
