"""Selection in rounds: train on what is picked, see the pool through that model, pick what is farthest."""
