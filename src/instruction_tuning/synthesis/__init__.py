"""Methods that write new instructions, or find the instructions that texts answer."""
