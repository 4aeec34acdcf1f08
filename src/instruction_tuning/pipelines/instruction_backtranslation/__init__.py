"""Instructions for texts that nobody asked for, curated by models in rounds (Humpback)."""
