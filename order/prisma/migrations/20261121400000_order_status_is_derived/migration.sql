-- An order is as its last saga says. Its checks go with the column.
ALTER TABLE "orders" DROP COLUMN "status";
