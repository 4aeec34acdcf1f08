"""Supervised fine-tuning of the base model on verified examples and replayed documents."""
