-- What shopkeepers have put into the shop, each once, however often catalog says so.
CREATE TABLE "restocks" (
    "id" UUID PRIMARY KEY,
    "item_id" TEXT NOT NULL,
    "quantity" BIGINT NOT NULL,
    "price" BIGINT NOT NULL,
    "reason" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "restocks_quantity" CHECK ("quantity" BETWEEN 1 AND 9007199254740991),
    CONSTRAINT "restocks_reason" CHECK ("reason" IN ('limit_exceeded', 'other_price'))
);

-- The units of a restock belong to its saga, as those of a sale do.
ALTER TABLE "stock_ledger"
    DROP CONSTRAINT "stock_ledger_kind",
    ADD CONSTRAINT "stock_ledger_kind" CHECK ("kind" IN ('init', 'add', 'subtract', 'sale', 'restock')) NOT VALID,
    DROP CONSTRAINT "stock_ledger_sale",
    ADD CONSTRAINT "stock_ledger_saga" CHECK (("kind" IN ('sale', 'restock')) = ("saga_id" IS NOT NULL)) NOT VALID;
