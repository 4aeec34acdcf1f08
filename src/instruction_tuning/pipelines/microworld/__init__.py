"""Writes the microworld's raw data again, byte for byte, from its seed."""
