"""What each query cost: the calls for its answers and for their ratings, used or not.

Summed over the queries that got an answer and those that did not, this is all that was paid. O(C) for C
completions.
"""

import pandas as pd

COST_DTYPES = {
    "requests": "int64",
    "failed_samples": "int64",
    "prompt_tokens": "int64",
    "completion_tokens": "int64",
    "price_usd": "float64",
}


def with_cost(queries: pd.DataFrame, completions: pd.DataFrame) -> pd.DataFrame:
    """`queries` (record_id, unique) with the columns of `COST_DTYPES`; zeros where nothing was sent.

    A request counts for the first query that it was sent for: identical ones are sent once. `price_usd`
    is null where one call's price is not known.
    """
    counted = completions.assign(
        requests=~completions["request_id"].duplicated(), failed_samples=completions["status"] == "failed"
    )
    by_record = counted.groupby("record_id")
    costs = by_record[list(COST_DTYPES)].sum()
    is_known = by_record["price_usd"].count() == by_record.size()
    costs["price_usd"] = costs["price_usd"].where(is_known)
    columns = costs.reindex(pd.Index(queries["record_id"]))
    columns.loc[~columns.index.isin(costs.index)] = 0
    return queries.assign(**columns.astype(COST_DTYPES).reset_index(drop=True).set_axis(queries.index))
