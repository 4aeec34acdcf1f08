"""Several models' answers to the same queries, scored by a judge."""
