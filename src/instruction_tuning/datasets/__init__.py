"""Kedro datasets that kedro-datasets lacks, and its own ones made safe against a kill in mid-save."""
