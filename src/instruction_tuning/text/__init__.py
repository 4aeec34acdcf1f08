"""Words, characters and languages: how a text is cut up where two rooms must agree on it."""
