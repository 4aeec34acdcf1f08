"""A language model behind HTTP, as a catalog entry."""

import json
from typing import Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import JSONPreview

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.protocol import Endpoint


class EndpointDataset(AbstractDataset[Any, Endpoint]):
    """An OpenAI-compatible endpoint: address, model name and prices, and the *name* of the key's variable."""

    def __init__(
        self,
        *,
        base_url: str,
        model: str,
        api_key_env: str | None = None,
        price_per_million_input_tokens: float = 0.0,
        price_per_million_output_tokens: float = 0.0,
        timeout_seconds: float = 60.0,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._endpoint = Endpoint(
            base_url=base_url,
            model=model,
            api_key_env=api_key_env,
            price_per_million_input_tokens=float(price_per_million_input_tokens),
            price_per_million_output_tokens=float(price_per_million_output_tokens),
            timeout_seconds=float(timeout_seconds),
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
        endpoint = self._endpoint
        return {
            "base_url": endpoint.address,
            "model": endpoint.model,
            "prices": [endpoint.price_per_million_input_tokens, endpoint.price_per_million_output_tokens],
        }

    def preview(self) -> JSONPreview:
        return JSONPreview(json.dumps(self._describe()))

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"base_url": self._endpoint.address, "model": self._endpoint.model}
