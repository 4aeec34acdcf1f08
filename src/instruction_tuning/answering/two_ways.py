"""Answers in another language by two ways, side by side.

The instruction is translated and answered in that language, as GPT-4-LLM made its Chinese data (Peng et al.
2023, arXiv 2304.03277); or the answer is translated. The first is a native answer to a translated question,
the second keeps what was verified. Both are kept, with whether they come to one final answer. A translation
that is not in the language is a row with its reason. O(queries).
"""

from dataclasses import replace
from typing import Any

import pandas as pd

from instruction_tuning.answering.sampling import Ask, Sampling
from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.text.digests import name_of
from instruction_tuning.text.languages import language_of
from instruction_tuning.verification.check import check_response
from instruction_tuning.verification.final_answer import final_answer

LANGUAGE, LANGUAGE_NAME = "zh", "Chinese"
NOT_TRANSLATED = f"the instruction is not in {LANGUAGE_NAME}"
ANSWERED, TRANSLATED = "translated_instruction", "translated_answer"
DTYPES = {
    "record_id": "str",
    "way": "str",
    "source": "str",
    "prompt": "str",
    "answer": "str",
    "messages": "object",
    "status": "str",
    "reason": "str",
    "check": "str",
    "parent_ids": "object",
}


def translatable(examples: pd.DataFrame) -> pd.DataFrame:
    """The examples of one English turn, the best of each record."""
    alone = examples["messages"].map(len) == 2
    return examples[(examples["language"] == "en") & alone].drop_duplicates("record_id")


def answers_two_ways(examples: pd.DataFrame, ask: Ask, sampling: Sampling) -> pd.DataFrame:
    """Two rows (`DTYPES`) an example of `translatable`, one a way; kept and failed ones add up to them.

    The temperature is that of answers; translations are asked for at 0. `record_id` is new; `parent_ids` are
    the record, and for a translated answer its response, if it had one.
    """
    translating = replace(sampling, temperature=0.0)
    instructions = _texts(ask([_instruction_request(row, translating) for row in _rows(examples)]))
    foreign = {name: text for name, text in instructions.items() if _is_in_language(text)}
    answers = _texts(ask([sampling.request(name, "answer", text) for name, text in foreign.items()]))
    # An answer belongs to a question: without one in the language it would be paid for and thrown away.
    told = [row for row in _rows(examples) if row["record_id"] in foreign]
    translated = _texts(ask([_translation_request(row, translating) for row in told]))
    made = []
    for row in _rows(examples):
        name = row["record_id"]
        prompt = instructions.get(name)
        for way, answer in ((ANSWERED, answers.get(name)), (TRANSLATED, translated.get(name))):
            made.append(_row(row, way, prompt, answer))
    return pd.DataFrame(made, columns=list(DTYPES)).astype(DTYPES)


def comparison(two_ways: pd.DataFrame) -> dict[str, float]:
    """How many examples each way has, and on how many of those that have both with clear final answers these
    agree."""
    kept = two_ways[two_ways["status"] == "ok"].assign(record=two_ways["parent_ids"].str[0])
    by_record = kept.pivot(index="record", columns="way", values="answer").reindex(
        columns=[ANSWERED, TRANSLATED]
    )
    both = by_record.dropna()
    finals = [(final_answer(first), final_answer(second)) for first, second in both.itertuples(index=False)]
    agree = [first == second for first, second in finals if first is not None and second is not None]
    found = {
        "examples": float(len(two_ways) // 2),
        f"{ANSWERED}/kept": float(by_record[ANSWERED].notna().sum()),
        f"{TRANSLATED}/kept": float(by_record[TRANSLATED].notna().sum()),
        "both": float(len(both)),
        "both_clear": float(len(agree)),
    }
    return found | ({"agreement_rate": sum(agree) / len(agree)} if agree else {})


def _row(example: dict[str, Any], way: str, prompt: str | None, answer: str | None) -> dict[str, Any]:
    status, reason, check = "ok", None, "none"
    if prompt is None or (answer is None and _is_in_language(prompt)):
        status, reason = "failed", "no request for it brought a whole text"
    elif not _is_in_language(prompt):
        status, reason = "failed", NOT_TRANSLATED
    elif answer is not None and language_of(answer) not in (LANGUAGE, "other"):
        status, reason = "failed", f"the answer is not in {LANGUAGE_NAME}"
    elif answer is not None:
        checked = check_response({"prompt": prompt}, answer, ())
        check = checked.check
        if check == "failed":
            status, reason = "failed", checked.detail
    text = None if answer is None else answer.strip()
    parents = [example["record_id"]]
    if way == TRANSLATED and isinstance(example["response_id"], str):
        parents.append(example["response_id"])
    turns = [{"role": "user", "content": prompt or ""}, {"role": "assistant", "content": text or ""}]
    return {
        "record_id": name_of(way, example["record_id"]),
        "way": way,
        "source": example["source"],
        "prompt": prompt,
        "answer": text,
        "messages": turns,
        "status": status,
        "reason": reason,
        "check": check,
        "parent_ids": parents,
    }


def _instruction_request(row: dict[str, Any], sampling: Sampling) -> ChatRequest:
    text = read_prompt("translating").fill({"language": LANGUAGE_NAME, "text": row["prompt"]})
    return sampling.request(row["record_id"], "translation", text)


def _translation_request(row: dict[str, Any], sampling: Sampling) -> ChatRequest:
    values = {"language": LANGUAGE_NAME, "instruction": row["prompt"], "answer": row["answer"]}
    text = read_prompt("translating_answer").fill(values)
    return sampling.request(row["record_id"], "answer_translation", text)


def _texts(completions: pd.DataFrame) -> dict[str, str]:
    came = completions[(completions["status"] == "ok") & (completions["finish_reason"] != "length")]
    return {
        str(name): str(text).strip() for name, text in zip(came["record_id"], came["response"], strict=True)
    }


def _is_in_language(text: str) -> bool:
    return language_of(text) == LANGUAGE


def _rows(examples: pd.DataFrame) -> list[dict[str, Any]]:
    columns = ["record_id", "source", "prompt", "answer", "response_id"]
    return [{str(key): value for key, value in row.items()} for row in examples[columns].to_dict("records")]
