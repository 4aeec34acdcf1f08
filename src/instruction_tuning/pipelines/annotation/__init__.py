"""Tasks for people, and what their annotations become."""
