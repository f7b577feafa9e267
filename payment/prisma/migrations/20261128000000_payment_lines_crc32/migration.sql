-- What was bought, as a number that order compares with its own. Null for the charges that exist.
ALTER TABLE "charges" ADD COLUMN "lines_crc32" INTEGER;
