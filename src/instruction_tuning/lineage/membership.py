"""Which records are in which registered models, and how: trained on, held out, in pairs."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from instruction_tuning.datasets.registry_store import DATA_TAG, DIGEST_TAG
from instruction_tuning.incremental.records import Execution
from instruction_tuning.lineage.provenance import Chain, chain_of
from instruction_tuning.lineage.registry import RegisteredModel
from instruction_tuning.lineage.rows import find_rows, read_columns
from instruction_tuning.lineage.store import DataStore

TRAINED, HELD_OUT = "trained on", "held out"
PAIRS_TRAINED, PAIRS_TESTED = "reward pairs trained on", "reward pairs tested on"
DROPPED = "not trained on: the answer begins after max_length"
_MIXTURES = {"sft_mixture": TRAINED, "sft_validation": HELD_OUT}
EXAMPLE_DECISIONS, PAIR_DECISIONS = "example_decisions", "pair_decisions"
REWARD_MODEL, PAIRS = "reward_model", "preference_pairs"
# What a backtranslated model was trained on; the name of the last round's.
EXAMPLES = "backtranslation_examples_"
NOT_FITTED = (HELD_OUT, DROPPED, PAIRS_TESTED)


@dataclass
class ModelRecords:
    """Record ids by part; `gone` names data that is deleted, so that what it held cannot be told.

    `not_known` says what was not yet stored when the model was made, so that a part may hold too much.
    """

    model: RegisteredModel
    chain: Chain
    parts: dict[str, set[str]] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    not_known: list[str] = field(default_factory=list)

    @property
    def examples(self) -> str | None:
        """The data set that a backtranslated model was trained on; null of models of the chain."""
        return next((name for name in sorted(self.model.data) if name.startswith(EXAMPLES)), None)

    @property
    def trained_on(self) -> set[str]:
        """Whatever its weights were fitted to; a reward model starts from a fine-tuned one."""
        return self.parts.get(TRAINED, set()) | self.parts.get(PAIRS_TRAINED, set())


def bases_of(records: ModelRecords, contents: Collection[ModelRecords]) -> list[ModelRecords]:
    """Those of `contents` that the model was fine-tuned from, one after the other, by their digests."""
    found: list[ModelRecords] = []
    one: ModelRecords | None = records
    while one is not None:
        digest = one.model.tags.get(f"{DATA_TAG}base_model", "").rpartition(" ")[2]
        left = [other for other in contents if other is not records and other not in found]
        one = next((other for other in left if digest and other.model.tags.get(DIGEST_TAG) == digest), None)
        found += [] if one is None else [one]
    return found


class ModelContents:
    """Reads each mixture once, whichever versions were trained on it."""

    def __init__(self, store: DataStore, executions: Iterable[Execution]) -> None:
        self._store, self._executions = store, list(executions)
        self._mixtures: dict[Path, set[str]] = {}
        self._dropped: dict[Path, set[str]] = {}

    def of(self, model: RegisteredModel, only: Collection[str] | None = None) -> ModelRecords:
        """What `model` was trained on, as far as it is stored; of the records in `only`, where given."""
        chain = chain_of(self._executions, model.data, self._store, model.registered_at)
        found = ModelRecords(model, chain)
        if found.examples is not None:
            # The same pool's mixtures are in the chain, too, and no part of this model.
            self._add_seeds(found, found.examples, only)
            return found
        for name, part in _MIXTURES.items():
            path = self._path(found, name)
            if path is not None:
                found.parts[part] = self._chats(path) if only is None else _chats_of(path, only)
        self._set_dropped_apart(found)
        if REWARD_MODEL in model.data:
            self._add_pairs(found, only)
        return found

    def _add_seeds(self, found: ModelRecords, name: str, only: Collection[str] | None) -> None:
        """Of the pairs that it was trained on those from the pool; the others are segments of documents."""
        found.not_known.append("which seeds were held out, and which answers began after sft.max_length")
        path = self._path(found, name)
        if path is not None:
            pairs = read_columns(path, ["record_id", "source"])
            seeds = set(pairs.loc[pairs["source"] == "seed", "record_id"])
            found.parts[TRAINED] = seeds if only is None else seeds & set(only)

    def _set_dropped_apart(self, found: ModelRecords) -> None:
        """Rows of the mixture of which nothing was left to train on, where that was stored."""
        if EXAMPLE_DECISIONS not in found.model.data:
            # Not from the chain: what was made later from the same mixture is of another length, maybe.
            found.not_known.append("which answers began after sft.max_length")
            return
        path = self._path(found, EXAMPLE_DECISIONS)
        if path is not None and TRAINED in found.parts:
            if path not in self._dropped:
                self._dropped[path] = _without_target(path)
            dropped = found.parts[TRAINED] & self._dropped[path]
            found.parts[TRAINED] = found.parts[TRAINED] - dropped
            found.parts |= {DROPPED: dropped} if dropped else {}

    def _add_pairs(self, found: ModelRecords, only: Collection[str] | None) -> None:
        name, column = PAIR_DECISIONS, "decision"
        if name not in found.model.data:
            found.not_known.append("which pairs were longer than reward_model.max_length")
            name, column = PAIRS, "split"
        path = self._path(found, name)
        if path is not None:
            pairs = _pairs(path, column, only)
            for split, part in (("train", PAIRS_TRAINED), ("test", PAIRS_TESTED)):
                found.parts[part] = {record for record, of in pairs if of == split}

    def _path(self, found: ModelRecords, name: str) -> Path | None:
        version = found.chain.version(name)
        path = self._store.path(name, version)
        if path is None:
            found.gone.append(f"{name} {version or 'of an unknown version'}")
        return path

    def _chats(self, path: Path) -> set[str]:
        """A chat's record is the first of its parents."""
        if path not in self._mixtures:
            frame = read_columns(path, ["kind", "parent_ids"])
            chats = frame.loc[frame["kind"] == "chat", "parent_ids"]
            self._mixtures[path] = {str(parents[0]) for parents in chats}
        return self._mixtures[path]


def _chats_of(path: Path, only: Collection[str]) -> set[str]:
    rows = find_rows(path, "parent_ids", only, ["kind", "parent_ids"])
    return {str(row["parent_ids"][0]) for row in rows if row["kind"] == "chat"}


def _without_target(path: Path) -> set[str]:
    """Records of which every example was dropped."""
    frame = read_columns(path, ["record_id", "decision"])
    is_dropped = frame["decision"] == "dropped"
    return set(frame.loc[is_dropped, "record_id"]) - set(frame.loc[~is_dropped, "record_id"])


def _pairs(path: Path, column: str, only: Collection[str] | None) -> set[tuple[str, str]]:
    """Record and split, or decision, of each pair."""
    columns = ["record_id", column]
    if only is not None:
        return {(row["record_id"], row[column]) for row in find_rows(path, "record_id", only, columns)}
    return set(read_columns(path, columns).itertuples(index=False, name=None))
