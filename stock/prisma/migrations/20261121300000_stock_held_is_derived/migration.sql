-- What undecided sagas hold of an item is what their reservations say. Its checks go with the column.
ALTER TABLE "items" DROP COLUMN "held", DROP CONSTRAINT "items_available",
    ADD CONSTRAINT "items_available" CHECK ("available" BETWEEN 0 AND 9007199254740991);

-- Those in flight, found when somebody is short. Either index forbids HOT updates to reservations that are settled, so
-- that "waiting" has nothing left to save. Two, because who waits is looked up by every batch and those are few.
DROP INDEX "reservations_waiting";
ALTER TABLE "reservations" DROP COLUMN "waiting";
CREATE INDEX "reservations_waiting" ON "reservations" ("arrival") WHERE "state" = 'WAITING';
CREATE INDEX "reservations_reserved" ON "reservations" ("arrival") WHERE "state" = 'RESERVED';
