"""Trains the same recipe on what each selection method picked, and ranks the methods by what came out."""
