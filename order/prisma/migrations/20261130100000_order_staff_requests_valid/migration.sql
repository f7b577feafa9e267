ALTER TABLE "operator_actions"
    VALIDATE CONSTRAINT "operator_actions_action",
    VALIDATE CONSTRAINT "operator_actions_letter",
    VALIDATE CONSTRAINT "operator_actions_reason";
