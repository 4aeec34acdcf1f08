"""A Kedro project that turns raw instruction data into a reviewed, supervised fine-tuned model."""

__version__ = "0.1.0"
