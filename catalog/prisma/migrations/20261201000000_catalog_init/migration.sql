CREATE TABLE "products" (
    "item_id" TEXT PRIMARY KEY,
    "name" TEXT NOT NULL,
    "name_key" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "picture" TEXT NOT NULL DEFAULT 'parcel',
    "categories" TEXT[] NOT NULL,
    "price" BIGINT NOT NULL,
    "hidden" BOOLEAN NOT NULL DEFAULT false,
    "listed_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "words" TSVECTOR GENERATED ALWAYS AS (to_tsvector('english', "name" || ' ' || "description")) STORED,
    CONSTRAINT "products_price" CHECK ("price" BETWEEN 0 AND 2147483647)
);
CREATE UNIQUE INDEX "products_name_key_key" ON "products" ("name_key");
CREATE INDEX "products_price_item_id_idx" ON "products" ("price", "item_id");
CREATE INDEX "products_categories_idx" ON "products" USING gin ("categories");
CREATE INDEX "products_words_idx" ON "products" USING gin ("words");

CREATE TABLE "restocks" (
    "id" UUID PRIMARY KEY,
    "item_id" TEXT NOT NULL,
    "quantity" BIGINT NOT NULL,
    "price" BIGINT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'REQUESTED',
    "reason" TEXT,
    "traceparent" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "asked_at" TIMESTAMPTZ(3),
    CONSTRAINT "restocks_quantity" CHECK ("quantity" BETWEEN 1 AND 2147483647),
    CONSTRAINT "restocks_state" CHECK ("state" IN ('REQUESTED', 'DONE', 'REFUSED')),
    CONSTRAINT "restocks_reason" CHECK (("state" = 'REFUSED') = ("reason" IS NOT NULL))
);
CREATE INDEX "restocks_item_id_idx" ON "restocks" ("item_id");
-- Those that stock has not answered yet: hardly any.
CREATE INDEX "restocks_requested" ON "restocks" ("created_at") WHERE "state" = 'REQUESTED';

CREATE TABLE "votes" (
    "item_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "stars" SMALLINT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY ("item_id", "user_id"),
    CONSTRAINT "votes_stars" CHECK ("stars" BETWEEN 1 AND 5)
);

CREATE TABLE "vote_ledger" (
    "id" BIGSERIAL PRIMARY KEY,
    "item_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "before" SMALLINT,
    "stars" SMALLINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE "vote_counts" (
    "item_id" TEXT PRIMARY KEY,
    "counts" BIGINT[] NOT NULL,
    CONSTRAINT "vote_counts_counts" CHECK (cardinality("counts") = 5 AND 0 <= ALL ("counts"))
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
ALTER TABLE "outbox" ALTER COLUMN "body" SET STORAGE EXTERNAL;

-- Events that wait for a row which another session has locked. Nearly always empty.
CREATE TABLE "deferred_events" (
    "id" BIGSERIAL PRIMARY KEY,
    "queue" TEXT NOT NULL,
    "saga_id" UUID NOT NULL,
    "body" TEXT NOT NULL,
    "blocked_by" TEXT NOT NULL,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "deferred_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "retry_at" TIMESTAMPTZ(3) NOT NULL
);
CREATE INDEX "deferred_events_queue_retry_at_idx" ON "deferred_events" ("queue", "retry_at");

CREATE TABLE "idempotency_keys" (
    "key" TEXT PRIMARY KEY,
    "fingerprint" TEXT NOT NULL,
    "status" SMALLINT,
    "body" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "idempotency_keys_answer" CHECK ("status" IS NOT NULL AND "body" IS NOT NULL)
);
CREATE INDEX "idempotency_keys_created_at_idx" ON "idempotency_keys" ("created_at");

CREATE TABLE "operator_actions" (
    "id" BIGSERIAL PRIMARY KEY,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "queue" TEXT,
    "letter_id" TEXT,
    "content_id" TEXT,
    "saga_ids" UUID[] NOT NULL,
    "event_ids" TEXT[] NOT NULL,
    "reason" TEXT,
    "detail" JSON NOT NULL,
    CONSTRAINT "operator_actions_action" CHECK ("action" IN ('redrive', 'redrive_failed', 'discard', 'cancel', 'resend', 'request')),
    CONSTRAINT "operator_actions_letter" CHECK (num_nulls("queue", "letter_id", "content_id") = CASE WHEN "action" IN ('cancel', 'resend', 'request') THEN 3 ELSE 0 END),
    CONSTRAINT "operator_actions_reason" CHECK ("action" IN ('redrive', 'redrive_failed', 'request') OR "reason" IS NOT NULL)
);
CREATE INDEX "operator_actions_content_id_idx" ON "operator_actions" ("content_id");

-- What an operator did stays on record, whoever would rather it did not.
CREATE FUNCTION "operator_actions_are_final"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'operator_actions is append-only';
END $$;
CREATE TRIGGER "operator_actions_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "operator_actions"
    FOR EACH STATEMENT EXECUTE FUNCTION "operator_actions_are_final"();
