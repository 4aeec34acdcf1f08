"""Parameters of the microworld pipeline."""

from pydantic import BaseModel, ConfigDict, Field


class MicroworldParameters(BaseModel):
    """`replay_documents`: how many of the world's documents are kept for mixing into SFT; `web_documents`:
    how many pages there are to find instructions for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    replay_documents: int = Field(gt=0)
    web_documents: int = Field(gt=0)
    seed: int
