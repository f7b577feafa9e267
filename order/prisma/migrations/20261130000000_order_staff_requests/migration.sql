-- What shopkeepers and operators do with the API is written down, too. Nobody has to say why.
ALTER TABLE "operator_actions"
    DROP CONSTRAINT "operator_actions_action",
    ADD CONSTRAINT "operator_actions_action" CHECK ("action" IN ('redrive', 'redrive_failed', 'discard', 'cancel', 'resend', 'request')) NOT VALID,
    DROP CONSTRAINT "operator_actions_letter",
    ADD CONSTRAINT "operator_actions_letter" CHECK (num_nulls("queue", "letter_id", "content_id") = CASE WHEN "action" IN ('cancel', 'resend', 'request') THEN 3 ELSE 0 END) NOT VALID,
    DROP CONSTRAINT "operator_actions_reason",
    ADD CONSTRAINT "operator_actions_reason" CHECK ("action" IN ('redrive', 'redrive_failed', 'request') OR "reason" IS NOT NULL) NOT VALID;
