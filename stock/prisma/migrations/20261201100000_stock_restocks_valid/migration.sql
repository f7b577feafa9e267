ALTER TABLE "stock_ledger"
    VALIDATE CONSTRAINT "stock_ledger_kind",
    VALIDATE CONSTRAINT "stock_ledger_saga";
