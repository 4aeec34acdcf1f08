"""A small closed world in which every instruction has a checkable right answer."""
