"""Ingestion: raw files in three formats become a pool of distinct, uncontaminated instructions."""

from instruction_tuning.pipelines.ingestion.pipeline import create_pipeline

__all__ = ["create_pipeline"]
