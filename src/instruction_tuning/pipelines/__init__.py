"""The stages. They meet only in the catalog; chains of them are put together in `pipeline_registry`."""
