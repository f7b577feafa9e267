-- When stock last asked payment to decide this saga. Only a reservation that waits for too long is ever asked about.
ALTER TABLE "reservations" ADD COLUMN "asked_at" TIMESTAMPTZ(3);
-- How often it has asked while payment had read what it was asked before.
ALTER TABLE "reservations" ADD COLUMN "asked" INTEGER;
