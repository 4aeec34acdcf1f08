"""What a selection is like as a whole: how diverse, how near to the pool, how much like another selection."""
