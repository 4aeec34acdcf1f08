"""What a user may set for the statistics of the pool; conf/base/parameters_pool_statistics.yml holds the
defaults."""

from typing import Annotated

from pydantic import Field

from instruction_tuning.pipelines.ingestion.parameter_types import FrozenParameters


class PoolStatisticsParameters(FrozenParameters):
    """Apart from `ingestion`, so that reading other rows does not make the pool again."""

    top_pairs: Annotated[int, Field(gt=0)] = 25
    min_pair_count: Annotated[int, Field(gt=0)] = 1
    measured_rows: Annotated[int, Field(gt=0)] | None = 200_000
    topics: Annotated[int, Field(gt=0, le=200)] = 20
    kept_rows: Annotated[int, Field(ge=0)] = 30
    flagged_rows: Annotated[int, Field(ge=0)] = 30
    rejected_rows: Annotated[int, Field(ge=0)] = 30
    matching_texts: Annotated[int, Field(ge=0)] = 20
    seed: Annotated[int, Field(ge=0)] = 0
