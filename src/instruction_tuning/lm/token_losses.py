"""-log p of chosen tokens under a causal model, without holding the logits of the others.

Only the hidden states in front of a chosen token go through the output layer, some at a time, so that memory
is O(B · T · H) and a few megabytes of logits, not O(B · T · V): 1,000 tokens of a vocabulary of 150,000
would be 600 MB in float32.

Some architectures do more to their logits than the output layer (Gemma 2 caps them, Granite scales them). One
short text tells: where the layer alone says something else than the model, the model is asked (`logits_at`),
in smaller batches.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

_LOGITS_AT_A_TIME = 1 << 24  # 64 MB of float32
_CPU_BATCH_TOKENS = 1_024  # more falls out of a CPU's cache, and takes up to twice as long
_TOLERANCE = 1e-3
_NO_LIMIT = 1 << 62


def logits_at(
    model: "PreTrainedModel", input_ids: "torch.Tensor", places: "tuple[torch.Tensor, torch.Tensor]"
) -> "torch.Tensor":
    """Logits (n, V) at `places` (rows, columns) of `input_ids` (B, T), padded on the right, if at all.

    The hidden states are cut down to those before they reach the output layer, by a hook on it: so what an
    architecture does to its logits (a cap, a scale) is done, and a batch never holds (B, T, V).
    """

    def chosen_only(layer: Any, states: tuple[Any, ...]) -> tuple[Any, ...]:
        return (states[0][places].unsqueeze(0),)  # (1, n, H)

    hook = model.get_output_embeddings().register_forward_pre_hook(chosen_only)
    try:
        logits: torch.Tensor = model(input_ids=input_ids.to(model.device), use_cache=False).logits[0]
    finally:
        hook.remove()
    return logits


class TokenLosses:
    """Losses under `model`; `batch_tokens` is what a batch should have at most, padding included."""

    def __init__(self, model: "PreTrainedModel", probe: "torch.Tensor") -> None:
        """`probe` (1, T) are the ids of a short text to try the output layer on."""
        self._model = model
        self._layer = model.get_output_embeddings()
        self._layer_is_all = self._says_the_same(probe.to(model.device))
        self._rows_at_a_time = max(1, _LOGITS_AT_A_TIME // model.config.get_text_config().vocab_size)

    @property
    def batch_tokens(self) -> int:
        most = _NO_LIMIT if self._layer_is_all else self._rows_at_a_time
        return min(most, _CPU_BATCH_TOKENS) if self._model.device.type == "cpu" else most

    def __call__(
        self, input_ids: "torch.Tensor", places: "tuple[torch.Tensor, torch.Tensor]", targets: "torch.Tensor"
    ) -> "torch.Tensor":
        """Nats (n,) as float32 for each of `targets` (n,), the token behind `places` (rows, columns) of
        `input_ids` (B, T), which is padded on the right, if at all."""
        import torch

        input_ids, targets = input_ids.to(self._model.device), targets.to(self._model.device)
        logits = self._logits(input_ids, (places[0].to(input_ids.device), places[1].to(input_ids.device)))
        wanted = targets.split(self._rows_at_a_time)
        cross_entropy = torch.nn.functional.cross_entropy
        losses = [
            cross_entropy(part.float(), ids, reduction="none")
            for part, ids in zip(logits, wanted, strict=True)
        ]
        return torch.cat(losses)

    def _logits(
        self, input_ids: "torch.Tensor", places: "tuple[torch.Tensor, torch.Tensor]"
    ) -> "Iterator[torch.Tensor]":
        """Logits (m, V) at the places, some at a time."""
        if not self._layer_is_all:
            yield from logits_at(self._model, input_ids, places).split(self._rows_at_a_time)
            return
        states = self._model.base_model(input_ids=input_ids, use_cache=False).last_hidden_state  # (B, T, H)
        for part in states[places].split(self._rows_at_a_time):  # (m, H)
            yield self._layer(part)

    def _says_the_same(self, probe: "torch.Tensor") -> bool:
        import torch

        with torch.inference_mode():
            by_model = self._model(input_ids=probe, use_cache=False).logits.float()
            states = getattr(
                self._model.base_model(input_ids=probe, use_cache=False), "last_hidden_state", None
            )
            if states is None:
                return False
            difference = (self._layer(states).float() - by_model).abs().max()
        return bool(difference <= _TOLERANCE * by_model.abs().max())
