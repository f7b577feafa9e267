-- Whoever changes roles says in the same transaction who they are and why, whichever login they use.
CREATE FUNCTION "roles_are_recorded"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM "operator_actions" WHERE "subject" = NEW."id" AND xmin = pg_current_xact_id()::xid
    ) THEN
        RAISE EXCEPTION 'operator_actions does not say who changed the roles of %, and why', NEW."id";
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER "users_roles_are_recorded" AFTER UPDATE OF "roles" ON "users"
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD."roles" IS DISTINCT FROM NEW."roles") EXECUTE FUNCTION "roles_are_recorded"();
