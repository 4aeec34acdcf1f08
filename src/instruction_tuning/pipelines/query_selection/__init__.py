"""Which records of the pool get an answer, under a budget, and why each was taken."""
