"""(scores, features, budget, *, seed) -> record ids, best first; every budget is a prefix."""
