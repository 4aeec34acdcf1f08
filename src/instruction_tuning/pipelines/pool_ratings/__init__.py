"""What only a teacher, a judge or a model trained for it can say of the pool's records."""
