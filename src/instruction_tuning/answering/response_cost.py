"""What each response cost: its share of the request that brought it, or failed to, and its rating.

Summed over all responses this is all that was paid. O(C) for C completions.
"""

import pandas as pd

COST_DTYPES = {
    "requests": "int64",
    "prompt_tokens": "int64",
    "completion_tokens": "int64",
    "price_usd": "float64",
}
_KEY = ["record_id", "sample_index"]


def with_cost(responses: pd.DataFrame, completions: pd.DataFrame) -> pd.DataFrame:
    """`responses` (record_id and sample_index, together unique) with the columns of `COST_DTYPES`.

    A request counts for the first response that it was sent for: samples come together, and identical
    requests are sent once. What nobody was asked for costs nothing. `price_usd` is null where one call's
    price is not known.
    """
    counted = completions.assign(requests=~completions["request_id"].duplicated())
    by_response = counted.groupby(_KEY)
    costs = by_response[list(COST_DTYPES)].sum()
    is_known = by_response["price_usd"].count() == by_response.size()
    costs["price_usd"] = costs["price_usd"].where(is_known)
    keys = pd.MultiIndex.from_frame(responses[_KEY])
    columns = costs.reindex(keys)
    columns[~keys.isin(costs.index)] = 0  # nobody was asked
    columns = columns.astype(COST_DTYPES)
    return responses.assign(**columns.reset_index(drop=True).set_axis(responses.index))
