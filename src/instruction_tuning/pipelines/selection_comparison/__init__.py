"""What several selection methods pick from one pool under one budget, side by side."""
