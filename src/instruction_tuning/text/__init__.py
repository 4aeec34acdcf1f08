"""Words, languages, counts and names of licences: how texts are read and put where rooms must agree on it."""
