"""Who writes: a teacher over HTTP, or the base model in this process by going on with the text."""

from collections.abc import Callable, Sequence

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.lm.completion_rows import COMPLETION_DTYPES
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.request_parameters import Asker
from instruction_tuning.pipelines.self_alignment.parameters import SelfAlignmentParameters

Writer = Callable[[Sequence[ChatRequest]], pd.DataFrame]
# How a reply of each kind begins: a base model has to be set going.
_CUES = {"topic": "1. ", "principled_answer": "Thoughts:"}


def writer_of(
    asker: Asker, teacher: Endpoint, base_model: ModelFolder, parameters: SelfAlignmentParameters
) -> Writer:
    """Completions of requests, by the teacher (kept by `asker`) or the base model (which costs nothing)."""
    if parameters.asks_teacher:
        return lambda requests: asker.ask(teacher, requests)
    return lambda requests: continued(base_model, requests, parameters)


def continued(
    base_model: ModelFolder, requests: Sequence[ChatRequest], parameters: SelfAlignmentParameters
) -> pd.DataFrame:
    """What the base model writes after each request's text and the cue of its kind, as completions.

    Samples are told apart by their number; a reply holds its cue. Nothing is asked of an endpoint, so no
    completion store has them, and `request_id` is null. A model that goes on to the last token
    ends with `length`, as a server says it: of a base model that is the rule, so it is not told here.
    """
    from instruction_tuning.lm.local import continue_texts

    rows = []
    for kind in dict.fromkeys(request.kind for request in requests):
        of_kind = [request for request in requests if request.kind == kind]
        cue = _CUES.get(kind, "")
        texts = continue_texts(
            base_model,
            {request.record_id: f"{request.messages[-1][1]}\n\n{cue}".rstrip(" ") for request in of_kind},
            samples=of_kind[0].num_samples,
            temperature=of_kind[0].temperature,
            max_new_tokens=of_kind[0].max_tokens,
            seed=parameters.seed,
        )
        for request in of_kind:
            for number, text in enumerate(texts[request.record_id]):
                rows.append(_row(base_model, request, number, f"{cue}{text}"))
    return pd.DataFrame(rows, columns=list(COMPLETION_DTYPES)).astype(COMPLETION_DTYPES)


def _row(base_model: ModelFolder, request: ChatRequest, number: int, text: str) -> dict[str, object]:
    return {
        "request_id": None,
        "record_id": request.record_id,
        "sample_index": number,
        "kind": request.kind,
        "model": base_model.digest,
        "response": text,
        "finish_reason": "stop",
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "usage_reported": False,
        "price_usd": 0.0,
        "status": "ok" if text.strip() else "failed",
        "error": None if text.strip() else "it wrote nothing",
    }
