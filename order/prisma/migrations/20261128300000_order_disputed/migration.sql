-- A saga may also end as DISPUTED: charged and sold, but not for what its order says (docs/decisions/0022).
ALTER TABLE "sagas"
    DROP CONSTRAINT "sagas_state",
    ADD CONSTRAINT "sagas_state" CHECK ("state" IN ('PENDING', 'PAID', 'FAILED', 'DISPUTED')) NOT VALID;
