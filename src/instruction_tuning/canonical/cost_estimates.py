"""What a run would cost, estimated before it: the teacher's calls, and the training."""

import math
from dataclasses import dataclass

from instruction_tuning.statistics.held_out import held_out_number
from instruction_tuning.text.counting import counted, duration_text

# Below this a training is too short to teach much, and the dry run says so.
FEW_STEPS = 10


@dataclass(frozen=True, slots=True)
class Calls:
    """Requests of one kind, with the tokens that they send and get back."""

    requests: int
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class TeacherEstimate:
    """What a run asks of the teacher, were nothing stored from earlier runs; prices in US dollars.

    `tests` and `repairs` are the most there can be; null where the strategy tests no programs.
    """

    queries: int
    samples_per_query: int
    answers: Calls
    ratings: Calls
    price_usd: float
    budget_usd: float | None
    answer_tokens: int
    answer_tokens_source: str
    requests_per_second: float
    seconds_per_request: float
    has_judge: bool = False  # another endpoint than the teacher rates
    tests: Calls | None = None
    repairs: Calls | None = None

    @property
    def duration_seconds(self) -> float:
        calls = (self.tests, self.answers, self.repairs, self.ratings)
        return sum(one.requests for one in calls if one) / self.requests_per_second

    def lines(self) -> list[str]:
        """The estimate as text, without line ends."""
        # Below a cent two digits would say that nothing is paid.
        digits = 2 if self.price_usd >= 0.01 else 6
        price = f"{self.price_usd:,.{digits}f} US dollars" if self.price_usd else "nothing, at prices of 0"
        if self.tests is not None and self.price_usd:
            price = f"up to about {price}"
        if self.budget_usd is not None and self.price_usd > self.budget_usd:
            stops = "would" if self.tests is None else "may"
            price += f", more than budget_usd ({self.budget_usd:,.2f}): the run {stops} stop there"
        who = "a judge to rate" if self.has_judge else "to rate"
        return [
            f"A run asks a teacher about at most {self.queries:,} of them (query_selection.budget), "
            f"for {self.samples_per_query} answers each, and {who} every answer. An estimate:",
            *self._tests_lines(),
            f"  answers: {_calls_text(self.answers)} "
            f"({self.answer_tokens:,} tokens an answer: {self.answer_tokens_source})",
            *self._repairs_lines(),
            f"  ratings: up to {_calls_text(self.ratings)}",
            f"  price: {price}",
            f"  time: about {duration_text(self.duration_seconds)}, at {self.requests_per_second:g} "
            f"requests a second (an assumption: max_concurrency at once, "
            f"{self.seconds_per_request:g} s a request)",
        ]

    def _tests_lines(self) -> list[str]:
        if self.tests is None:
            return []
        return [f"  tests: up to {_calls_text(self.tests)}, were all that ask for a program selected"]

    def _repairs_lines(self) -> list[str]:
        if self.repairs is None or not self.repairs.requests:
            return []
        return [f"  repairs: up to {_calls_text(self.repairs)}, were every program to fail its tests"]


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """The parameters of `query_selection` and `sft` that decide how long a training takes.

    `document_tokens` is the mean length of a document that can be replayed, `documents` how many there are.
    `tokens_per_second` is null where no training has shown it yet.
    """

    query_budget: int
    num_train_epochs: float
    max_length_tokens: int
    rows_per_step: int
    packing: bool
    validation_share: float
    validation_minimum: int
    documents_per_example: float
    documents: int = 0
    document_tokens: float = 0.0
    tokens_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class TrainingEstimate:
    """How much a run trains, were all records kept that can be read."""

    examples: int
    documents: int
    steps: int
    train_tokens: int
    tokens_per_second: float | None

    def lines(self) -> list[str]:
        """The estimate as text, without line ends."""
        documents = f" and {counted(self.documents, 'replayed document')}" if self.documents else ""
        if self.tokens_per_second is None:
            time = "not known yet: this base model has not been fine-tuned here"
        else:
            time = (
                f"about {duration_text(self.train_tokens / self.tokens_per_second)}, at the "
                f"{self.tokens_per_second:,.0f} tokens a second of its last fine-tuning here"
            )
        return [
            f"It trains on at most {counted(self.examples, 'example')}{documents}. An estimate:",
            f"  training: {counted(self.steps, 'step')}, {self.train_tokens:,} tokens over all epochs",
            f"  time: {time}",
            *self._warnings(),
        ]

    def _warnings(self) -> list[str]:
        if self.steps >= FEW_STEPS:
            return []
        return [
            f"  warning: {counted(self.steps, 'step')} will teach a model little; give more records, or "
            "raise sft.num_train_epochs"
        ]


def training_estimate(lengths: list[int], plan: TrainingPlan) -> TrainingEstimate:
    """From the tokens of each record, question and answer together.

    Which are selected is not known yet, so each counts as long as the mean one; packed rows count as full.
    """
    selected = min(plan.query_budget, len(lengths))
    replayed = min(round(selected * plan.documents_per_example), plan.documents)
    examples = selected - held_out_number(
        selected, share=plan.validation_share, minimum=plan.validation_minimum
    )
    documents = replayed - held_out_number(replayed, share=plan.validation_share, minimum=0)
    mean = sum(min(length, plan.max_length_tokens) for length in lengths) / len(lengths)
    tokens = examples * mean + documents * plan.document_tokens  # an epoch
    rows = math.ceil(tokens / plan.max_length_tokens) if plan.packing else examples + documents
    steps = math.ceil(math.ceil(rows / plan.rows_per_step) * plan.num_train_epochs)
    return TrainingEstimate(
        examples=examples,
        documents=documents,
        steps=max(steps, 1),
        train_tokens=math.ceil(tokens * plan.num_train_epochs),
        tokens_per_second=plan.tokens_per_second,
    )


def _calls_text(calls: Calls) -> str:
    return (
        f"{calls.requests:,} requests, {calls.prompt_tokens:,} prompt and "
        f"{calls.completion_tokens:,} completion tokens"
    )
