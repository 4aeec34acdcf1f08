"""Instructions made harder, and broader, in rounds, from what the model to be trained masters already."""
