"""Whether models are told apart by their names: the store keeps answers by these, whatever the address."""

import logging
from collections.abc import Mapping, Sequence

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.protocol import Endpoint

logger = logging.getLogger(__name__)

# What servers call whatever they serve, or take from a client that does not care.
_NO_NAMES = frozenset({"", "default", "default_model", "local-model", "local_model", "model", "none", "tgi"})
_OTHER_NAME = "vLLM: --served-model-name, llama.cpp: --alias"


def warn_of_no_name(field: str, endpoint: Endpoint) -> None:
    """Say so where another server may well call another model as `endpoint` does."""
    # A folder's digest is part of its name.
    if endpoint.local_folder is None and endpoint.model.strip().casefold() in _NO_NAMES:
        logger.warning(
            "%s.model is %r, which names no model: answers are stored by it, and those that another server "
            "gave under it count as this one's; give the model a name of its own at the server (%s) and here",
            field,
            endpoint.model,
            _OTHER_NAME,
        )


def require_different_models(models: Sequence[str]) -> None:
    """Raise `ConfigurationError` where two of those that are all to answer the same are one by name."""
    doubled = next((model for model in models if models.count(model) > 1), None)
    if doubled is not None:
        raise ConfigurationError(
            f"two endpoints have the model {doubled}, and the store keeps answers by the model's name",
            field="model",
            fix="leave one of them out, or give the model another name at one of the servers",
        )


def require_one_address(endpoints: Mapping[str, Endpoint]) -> None:
    """Raise `ConfigurationError` where two of `endpoints` (by field) have one model's name at two addresses.

    Two folders of one name are told apart by what is in them.
    """
    seen: dict[str, tuple[str, Endpoint]] = {}
    for field, endpoint in endpoints.items():
        if endpoint.local_folder is not None:
            continue
        other_field, other = seen.setdefault(endpoint.model, (field, endpoint))
        if other.base_url != endpoint.base_url:
            raise ConfigurationError(
                f"{other_field} at {other.address} and {field} at {endpoint.address} have the same model, "
                f"{endpoint.model!r}, and the store keeps answers by the model's name: those of one would be "
                "taken for the other's",
                field=f"{field}.model",
                fix=f"give the model another name at one of the servers ({_OTHER_NAME}); if it is one model, "
                "leave one of the two out",
            )
