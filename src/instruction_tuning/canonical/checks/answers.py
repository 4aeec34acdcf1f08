"""Answers that run on into a next instruction, that decline, or that call themselves a program."""

import re

from instruction_tuning.canonical.checks.spans import ExchangeCheck, Span, any_of
from instruction_tuning.text.refusals import SELF_REFERENCE_WORDS, declines, self_reference

# Marks of the prompts that generated Alpaca and its kin. A generator that is not stopped goes on with the
# next numbered triple; one that was trained on chats with the next speaker.
_NEXT_INSTRUCTION = re.compile(
    r"\n[^\w\n]{0,12}\d{1,3} {0,2}[.)．、:：]\s{0,3}(?:instruction|task|指令|指示|说明|任务)s? {0,2}[:：]|"
    r"\n {0,3}#{2,4} {0,2}(?:instruction|human|user|指令|用户) {0,2}[:：]|"
    r"<\|(?:im_start|user|endoftext|start_header_id)\|>|\n\[INST\]",
    re.IGNORECASE,
)
# Unnumbered, it takes the whole form, and an answer that did not begin with it.
_NEXT_TRIPLE = re.compile(
    r"\n {0,3}\*{0,2}(?:instruction|指令) {0,2}[:：]\*{0,2}[^\n]{1,400}\n(?:[^\n]{0,400}\n){0,3}?"
    r" {0,3}\*{0,2}(?:input|output|response|输入|输出) {0,2}[:：]",
    re.IGNORECASE,
)
_NEXT_SPEAKER = re.compile(r"\n\s{0,3}(?:human|user|人类|用户) {0,2}[:：]", re.IGNORECASE)
_LABEL = re.compile(r"(?:^|\n)[ *#]{0,4}[^\W\d_][\w ]{0,30}[:：]")
_ASKS_FOR_SPEAKERS = re.compile(
    r"dialog|conversation|convers|chat|script|transcript|interview|role|skit|play|talk|prompt|template|format|"
    r"instruction|user|human|对话|聊天|剧本|角色|采访|提示|模板|指令|用户|人类",
    re.IGNORECASE,
)
_SHOWN = 60
_ASKS_FOR_TRIPLES = re.compile(r"instruction|prompt|example|指令|示例|例子|提示", re.IGNORECASE)


def run_on_answer(prompt: str, answer: str) -> Span | None:
    """Where the answer begins a next instruction or speaks for the person who asks."""
    found = _NEXT_INSTRUCTION.search(answer)
    if found:
        return found.span()
    found = _NEXT_TRIPLE.search(answer)
    if found and not _ASKS_FOR_TRIPLES.search(prompt):
        return found.span()
    found = _NEXT_SPEAKER.search(answer)
    if found and not _LABEL.search(answer[: found.start()]) and not _ASKS_FOR_SPEAKERS.search(prompt):
        return found.span()
    return None


def refusal(prompt: str, answer: str) -> Span | None:
    """The beginning of an answer that declines, whatever was asked."""
    return (0, min(len(answer), _SHOWN)) if declines(answer) else None


def calls_itself_a_program(prompt: str, answer: str) -> Span | None:
    """Where the answer calls itself a program, whatever was asked."""
    return self_reference(answer)


_HAS_A_NEXT = any_of(
    *("instruction", "task", "\n#", "<|", "[inst]", "human", "user"),
    *("指令", "指示", "说明", "任务", "人类", "用户"),
)


def _may_run_on(lowered: str) -> bool:
    return "\n" in lowered and _HAS_A_NEXT(lowered)


ANSWER_CHECKS = (
    ExchangeCheck("run_on_answer", run_on_answer, _may_run_on),
    ExchangeCheck("refusal", refusal, bool),
    ExchangeCheck("self_reference", calls_itself_a_program, any_of(*SELF_REFERENCE_WORDS)),
)
