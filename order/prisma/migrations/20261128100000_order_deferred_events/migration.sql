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
