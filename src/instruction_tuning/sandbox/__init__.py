"""Running code that nobody has read. Start at pool.py; docs/sandbox.md has the threat model."""
