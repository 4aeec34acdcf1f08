"""Trains the project's own base models on the microworld's documents."""
