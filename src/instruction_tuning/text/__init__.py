"""Words, languages and names of licences: how a text is read where two rooms must agree on it."""
