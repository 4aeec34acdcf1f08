"""Ingestion: raw files in many formats become a pool of distinct, uncontaminated instructions."""

from instruction_tuning.pipelines.ingestion.pipeline import create_pipeline

__all__ = ["create_pipeline"]
