"""What the parameters of ingestion have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]


class FrozenParameters(BaseModel):
    """Parameters that nothing changes and in which a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
