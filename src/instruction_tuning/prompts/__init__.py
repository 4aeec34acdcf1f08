"""Texts that are sent to language models, one editable file each."""
