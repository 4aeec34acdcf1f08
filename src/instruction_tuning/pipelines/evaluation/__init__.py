"""Base, candidate and champion on the same items, compared in pairs, with a verdict."""

from instruction_tuning.pipelines.evaluation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
