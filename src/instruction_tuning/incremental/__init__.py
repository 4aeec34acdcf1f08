"""Running only what has changed: what counts as a change, what earlier executions left, what to do."""
