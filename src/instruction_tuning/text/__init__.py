"""Words, characters, languages and counts: how a text is cut up or put where rooms must agree on it."""
