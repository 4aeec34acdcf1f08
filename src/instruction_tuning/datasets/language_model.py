"""A language model behind HTTP, as a catalog entry."""

import json
from collections.abc import Mapping
from typing import Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import JSONPreview

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.protocol import Endpoint


class EndpointDataset(AbstractDataset[Any, Endpoint]):
    """An OpenAI-compatible endpoint: address, model name and prices, and the *name* of the key's variable.

    `judge` has the same keys, for another endpoint that rates the answers; null: this one does.
    """

    def __init__(
        self,
        *,
        base_url: str,
        model: str,
        api_key_env: str | None = None,
        price_per_million_input_tokens: float = 0.0,
        price_per_million_output_tokens: float = 0.0,
        timeout_seconds: float = 60.0,
        judge: Mapping[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._endpoint = Endpoint(
            base_url=base_url,
            model=model,
            api_key_env=api_key_env,
            price_per_million_input_tokens=float(price_per_million_input_tokens),
            price_per_million_output_tokens=float(price_per_million_output_tokens),
            timeout_seconds=float(timeout_seconds),
            judge=EndpointDataset(**judge).endpoint if judge else None,
        )
        self.metadata = metadata

    @property
    def endpoint(self) -> Endpoint:
        """As the catalog has it."""
        return self._endpoint

    def load(self) -> Endpoint:
        return self._endpoint

    def save(self, data: Any) -> None:
        raise ConfigurationError("an endpoint cannot be saved", fix="take it out of a node's outputs")

    def content_identity(self, _path_digest: object) -> dict[str, Any]:
        """What answers depend on, and what is written beside them; not the key, not the patience."""
        return _content(self._endpoint)

    def preview(self) -> JSONPreview:
        return JSONPreview(json.dumps(self._describe()))

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return _described(self._endpoint)


def _content(endpoint: Endpoint) -> dict[str, Any]:
    content: dict[str, Any] = {
        "base_url": endpoint.address,
        "model": endpoint.model,
        "prices": [endpoint.price_per_million_input_tokens, endpoint.price_per_million_output_tokens],
    }
    return content if endpoint.judge is None else {**content, "judge": _content(endpoint.judge)}


def _described(endpoint: Endpoint) -> dict[str, Any]:
    described: dict[str, Any] = {"base_url": endpoint.address, "model": endpoint.model}
    return described if endpoint.judge is None else {**described, "judge": _described(endpoint.judge)}
