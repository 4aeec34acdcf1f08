"""One record's whole way, stage by stage, as plain values that JSON can hold."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

import pandas as pd

from instruction_tuning.lineage.annotations import annotations_of
from instruction_tuning.lineage.data_set import makers_of, prompts_of
from instruction_tuning.lineage.membership import EXAMPLE_DECISIONS, PAIR_DECISIONS, PAIRS, ModelRecords
from instruction_tuning.lineage.naming import Named, source_files
from instruction_tuning.lineage.provenance import Chain
from instruction_tuning.lineage.rows import find_rows, require_columns
from instruction_tuning.lineage.store import DataStore

Story = dict[str, Any]
NOT_MADE = "not made yet from these data"
_COLLISION = ("collides_with", "similarity")
_ALIKE = ("near_duplicate", "semantic_duplicate")


class RecordStory:
    """Reads the few rows about one record from each frame of a chain, and from `events`, what people did."""

    def __init__(self, named: Named, store: DataStore, chain: Chain, events: pd.DataFrame) -> None:
        self._named, self._store, self._chain, self._events = named, store, chain, events
        self._missing: dict[str, str] = {}
        self._record = named.record_id
        self._rows = [str(row["source_row_id"]) for row in named.rows]

    def tell(self, models: Callable[[Collection[str]], Iterable[ModelRecords]]) -> Story:
        """All of it; a stage whose data are gone, or were never made, says so.

        `models` gives the registered models with those of the given records that are in them.
        """
        rejected = self._find("rejected_records", "source_row_id", self._rows, needed=_COLLISION)
        kept = self._find("instruction_pool", "record_id", [self._record]) if self._record else []
        near = next((row for row in rejected if row["stage"] in _ALIKE), None)
        # Models learnt what a near duplicate says from the record that stayed.
        content = str(near["collides_with"]) if near else self._record
        story: Story = {
            "record_id": self._record,
            "source": self._source(rejected, kept),
            "repairs": self._find("record_repairs", "source_row_id", self._rows),
            "fate": self._fate(kept, rejected),
            "copies": self._copies(kept),
            "items": self._items(kept),
        }
        if kept:
            story |= {
                "selection": self._one("selection_decisions", "selected_queries"),
                "teacher": self._teacher(),
                "answers": self._answers(),
                "mixture": self._mixture(),
                "reward": self._reward(),
            }
        story["annotations"] = self._annotations()
        story["models"] = self._models(models([content] if content else []), content)
        story["versions"] = {name: self._chain.version(name) for name in sorted(self._read_from)}
        story["by_time"] = sorted(self._chain.by_time & self._read_from)
        story["not_available"] = self._missing
        return story

    @property
    def _read_from(self) -> set[str]:
        return {name for name in self._store.places if self._chain.version(name) is not None}

    def _find(
        self, name: str, key: str, values: Iterable[str | None], *, needed: Collection[str] = ()
    ) -> list[dict[str, Any]]:
        version = self._chain.version(name)
        path = self._store.path(name, version)
        if path is None:
            self._missing[name] = NOT_MADE if version is None else f"version {version} is deleted"
            return []
        require_columns(path, needed)
        return find_rows(path, key, [value for value in values if value is not None])

    def _source(self, rejected: list[dict[str, Any]], kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
        files = {str(file["sha256"])[:12]: file for file in source_files(self._store, self._chain)}
        stage_of = {row["source_row_id"]: row["stage"] for row in rejected}
        # The pool's flags have what was found after reading, too.
        flags_of = {row["source_row_id"]: row["flags"] for row in kept}
        rows = []
        for named in self._named.rows:
            row = named | {"flags": flags_of.get(named["source_row_id"], named.get("flags"))}
            digest, _, number = str(row["source_row_id"]).partition(":")
            file = files.get(digest, {})
            texts = ("source", "format", "language", "category", "licence", "flags", "messages")
            rows.append(
                {"source_row_id": row["source_row_id"], "file": file.get("file"), "row": int(number)}
                | {"sha256": file.get("sha256"), "stage": stage_of.get(row["source_row_id"], "kept")}
                | {name: row[name] for name in texts if row.get(name) is not None}
            )
        return rows

    def _fate(self, kept: list[dict[str, Any]], rejected: list[dict[str, Any]]) -> Story:
        if kept:
            return {"decision": "in the pool", "source_row_id": kept[0]["source_row_id"]}
        order = ("contaminated", *_ALIKE, "exact_duplicate", "licence", "validate", "read")
        found = sorted(rejected, key=lambda row: order.index(row["stage"]))
        return {"decision": "rejected", **found[0]} if found else {"decision": "unknown"}

    def _copies(self, kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Rows that were dropped as duplicates of this record."""
        if self._record is None:
            return []
        rows = [row["source_row_id"] for row in kept] or self._rows
        columns = ("source_row_id", "source", "record_id", "stage", "similarity")
        found = self._find("rejected_records", "collides_with", [self._record, *rows])
        return [{name: row[name] for name in columns} for row in found]

    def _items(self, kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those of evaluation sets that this record holds, and stays for all that."""
        if not kept:
            return []
        rows = self._find("contamination_matches", "source_row_id", [row["source_row_id"] for row in kept])
        names = ("benchmark", "split", "item_id", "rule", "share", "role")
        return [{name: row[name] for name in names} for row in rows]

    def _one(self, *names: str) -> Story:
        """The record's row in the first of `names` that is there."""
        for name in names:
            rows = self._find(name, "record_id", [self._record])
            if rows:
                wide = ("messages", "prompt", "answer", "flags", "parent_ids")
                return {key: value for key, value in rows[0].items() if key not in wide}
            if name not in self._missing:
                return {}
        return {}

    def _teacher(self) -> Story:
        calls = self._find("teacher_completions", "record_id", [self._record])
        prices = [call["price_usd"] for call in calls]
        return {
            "requests": len({call["request_id"] for call in calls}),
            "models": sorted({call["model"] for call in calls}),
            "prompt_tokens": sum(call["prompt_tokens"] for call in calls),
            "completion_tokens": sum(call["completion_tokens"] for call in calls),
            "price_usd": None if None in prices else sum(prices),
            "failed": [call["error"] for call in calls if call["status"] == "failed"],
            "prompts": prompts_of(makers_of(["teacher_completions"], self._chain)) if calls else [],
            "responses": sorted(
                self._find("rated_responses", "record_id", [self._record]), key=lambda row: row["response_id"]
            ),
        }

    def _answers(self) -> list[Story]:
        """Those that were accepted, by strategy more than one; or why there is none."""
        names = ("origin", "response_id", "rating", "check", "answer", "parent_ids")
        chosen = self._find("verified_examples", "record_id", [self._record])
        if chosen:
            return [{"decision": "accepted", **{name: row[name] for name in names}} for row in chosen]
        rejected = self._find("rejected_answers", "record_id", [self._record])
        return [{"decision": "rejected", **row} for row in rejected]

    def _mixture(self) -> list[Story]:
        """An example for each accepted answer, in the part that it fell into."""
        found = []
        for name, part in (("sft_mixture", "training"), ("sft_validation", "validation")):
            for row in self._find(name, "parent_ids", [self._record]):
                told = {"part": part, "example_id": row["example_id"], "parent_ids": row["parent_ids"]}
                found.append(told | (self._length_decision(row["example_id"]) if part == "training" else {}))
        return found

    def _length_decision(self, example_id: str) -> Story:
        """Trained, cut or dropped, with the reason; of data from before that was stored, nulls."""
        rows = self._find(EXAMPLE_DECISIONS, "example_id", [example_id])
        return {name: rows[0][name] if rows else None for name in ("decision", "reason")}

    def _reward(self) -> Story:
        pairs = self._pairs()
        completions = self._find("best_of_n_completions", "record_id", [self._record])
        return {
            "pairs": pairs,
            "best_of_n": [
                {name: row[name] for name in ("rank", "reward", "check", "completion")} for row in completions
            ],
        }

    def _pairs(self) -> list[Story]:
        """Every pair with what became of it; of older data only those that were kept are stored."""
        is_older = self._chain.version(PAIR_DECISIONS) is None and self._chain.version(PAIRS) is not None
        rows = self._find(PAIRS if is_older else PAIR_DECISIONS, "record_id", [self._record])
        return [
            {name: row[name] for name in ("pair_id", "chosen_rating", "rejected_rating")}
            | {"decision": row["split" if is_older else "decision"], "reason": row.get("reason")}
            for row in rows
        ]

    def _annotations(self) -> list[Story]:
        if self._record is None:
            return []
        own_names = {str(row["original_id"]) for row in self._named.rows if row.get("original_id")}
        return annotations_of(self._record, own_names, self._events, self._store)

    def _models(self, models: Iterable[ModelRecords], content: str | None) -> list[Story]:
        found = []
        for records in models:
            parts = [part for part, ids in records.parts.items() if content in ids]
            if parts or records.gone:
                found.append(
                    {"model": f"models:/{records.model.name}/{records.model.version}", "parts": parts}
                    | {"aliases": list(records.model.aliases), "through": content, "gone": records.gone}
                    | {"not_known": records.not_known}
                )
        return found
