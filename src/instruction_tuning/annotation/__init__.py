"""People's work on answers: tasks, the local page, Label Studio's format, gold answers, agreement."""
