-- Every attempt at a checkout of this order has an id that follows from this one (docs/decisions/0022). Null for the
-- orders that exist: to write all of them would take long, and their sagas continue from the last one.
ALTER TABLE "orders" ADD COLUMN "first_saga_id" UUID;
-- What is bought, as a number: to be compared with what was charged.
ALTER TABLE "sagas" ADD COLUMN "lines_crc32" INTEGER;
-- How often payment was asked about an overdue saga and had read what it was asked before.
ALTER TABLE "sagas" ADD COLUMN "asked" INTEGER;
