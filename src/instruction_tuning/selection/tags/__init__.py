"""What each record is about, in short tags: asked of a model or found by rule, cleaned, and read by id."""
