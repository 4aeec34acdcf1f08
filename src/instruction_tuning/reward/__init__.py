"""Reward models: pairs from ratings, held-out accuracy, best-of-n."""
