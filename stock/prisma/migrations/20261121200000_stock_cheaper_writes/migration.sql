-- A message lives for milliseconds: to compress it costs more than the bytes it saves.
ALTER TABLE "outbox" ALTER COLUMN "body" SET STORAGE EXTERNAL;

-- An index on "state" forbids HOT updates to every reservation that is settled; one on "waiting" only to those that waited.
DROP INDEX "reservations_waiting";
ALTER TABLE "reservations" ADD COLUMN "waiting" BOOLEAN GENERATED ALWAYS AS ("state" = 'WAITING') STORED;
CREATE INDEX "reservations_waiting" ON "reservations" ("arrival") WHERE "waiting";
