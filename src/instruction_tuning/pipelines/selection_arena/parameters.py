"""Parameters of `selection_arena`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class SelectionArenaParameters(BaseModel):
    """What is trained and on which items it is measured.

    `split` is of the benchmark items: `validation` leaves the test items unseen, so that whoever picks a
    method by this ranking has not tuned on them. `full_pool` trains on the whole pool too, with every seed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    full_pool: bool
    split: Literal["validation", "test"]
    items_per_ability: int = Field(gt=0)
    form: Literal["chat_zero_shot", "chat_few_shot", "document_few_shot"]
    confidence: float = Field(gt=0.5, lt=1)
    work_folder: str
