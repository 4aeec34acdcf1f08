"""The loss curve of a training run."""

import pandera.pandas as pa


class TrainingLog(pa.DataFrameModel):
    """One row a logged step; `loss` is the mean since the row before.

    In nats a trained token (fine-tuning) or a pair (reward model).
    """

    step: int = pa.Field(gt=0, unique=True)
    epoch: float = pa.Field(ge=0)
    loss: float
    learning_rate: float = pa.Field(ge=0)
    tokens_seen: int = pa.Field(ge=0)


class PretrainingLog(pa.DataFrameModel):
    """One row a step, from 0; `loss` in nats a token, `seconds` since the training began."""

    step: int = pa.Field(ge=0, unique=True)
    loss: float
    learning_rate: float = pa.Field(ge=0)
    tokens_seen: int = pa.Field(gt=0)
    seconds: float = pa.Field(ge=0)

    class Config:
        strict = True
