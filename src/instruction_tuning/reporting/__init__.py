"""Figures, the run report, the dashboard and the model card."""
