"""Parameters of `reporting`."""

from pydantic import BaseModel, ConfigDict


class ReportingParameters(BaseModel):
    """Which records are shown as samples."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int
