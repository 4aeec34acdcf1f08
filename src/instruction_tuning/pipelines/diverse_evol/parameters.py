"""Parameters of `diverse_evol`."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class DiverseEvolParameters(BaseModel):
    """How many records are drawn to begin with, and how many each round adds.

    Each round trains the base anew on all that is picked so far, for `num_train_epochs`, and embeds every
    record, prompt and answer, with what came out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    initial: int = Field(gt=1)
    per_round: int = Field(gt=0)
    num_train_epochs: float = Field(gt=0)
    work_folder: Path
    seed: int
