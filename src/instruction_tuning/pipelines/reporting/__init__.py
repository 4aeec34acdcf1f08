"""Figures, the run report and the dashboard, from what the other pipelines stored."""

from instruction_tuning.pipelines.reporting.pipeline import create_pipeline

__all__ = ["create_pipeline"]
