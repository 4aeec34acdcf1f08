"""Which records are worth an answer: vectors of them, and samplers that pick under a budget."""
