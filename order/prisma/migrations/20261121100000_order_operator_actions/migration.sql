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
    CONSTRAINT "operator_actions_action" CHECK ("action" IN ('redrive', 'redrive_failed', 'discard', 'cancel')),
    CONSTRAINT "operator_actions_letter" CHECK (num_nulls("queue", "letter_id", "content_id") = CASE "action" WHEN 'cancel' THEN 3 ELSE 0 END),
    CONSTRAINT "operator_actions_reason" CHECK ("action" IN ('redrive', 'redrive_failed') OR "reason" IS NOT NULL)
);
CREATE INDEX "operator_actions_content_id_idx" ON "operator_actions" ("content_id");

-- What an operator did stays on record, whoever would rather it did not.
CREATE FUNCTION "operator_actions_are_final"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'operator_actions is append-only';
END $$;
CREATE TRIGGER "operator_actions_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "operator_actions"
    FOR EACH STATEMENT EXECUTE FUNCTION "operator_actions_are_final"();
