"""Exact and near duplicates of prompts."""
