"""Examples that a model writes for itself by principles, from topics to what it is trained on."""
