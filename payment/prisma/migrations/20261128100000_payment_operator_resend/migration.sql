-- An operator may send the message that a saga waits for once more.
ALTER TABLE "operator_actions"
    DROP CONSTRAINT "operator_actions_action",
    ADD CONSTRAINT "operator_actions_action" CHECK ("action" IN ('redrive', 'redrive_failed', 'discard', 'cancel', 'resend')) NOT VALID,
    DROP CONSTRAINT "operator_actions_letter",
    ADD CONSTRAINT "operator_actions_letter" CHECK (num_nulls("queue", "letter_id", "content_id") = CASE WHEN "action" IN ('cancel', 'resend') THEN 3 ELSE 0 END) NOT VALID;
