import random
from collections.abc import Iterable
from itertools import chain

import pytest
from training_builders import tiny_base

from instruction_tuning.chat_format.loss_mask import IGNORED, MaskedTokens
from instruction_tuning.lm.loading import load_model
from instruction_tuning.training.heldout_loss import heldout_loss
from instruction_tuning.training.packing import StackedRowsCollator, pack_rows, packing_efficiency


def sequences(count: int) -> list[MaskedTokens]:
    stream = random.Random(5)
    made = []
    for _ in range(count):
        length = stream.randint(2, 40)
        ids = [stream.randrange(10, 280) for _ in range(length)]
        made.append(MaskedTokens(ids, [stream.random() < 0.6 for _ in range(length)]))
    return made


def flat(lists: Iterable[list[int]]) -> list[int]:
    return sorted(chain.from_iterable(lists))


def test_no_token_is_lost_or_added_by_packing() -> None:
    made = sequences(30)
    rows = pack_rows(made, max_length=64, packing=True, seed=0)
    assert flat(rows["input_ids"]) == flat(one.input_ids for one in made)
    assert max(map(len, rows["input_ids"])) <= 64
    assert flat(rows["seq_lengths"]) == sorted(len(one.input_ids) for one in made)
    assert 0.8 < packing_efficiency(rows, max_length=64) <= 1


def test_the_first_token_of_each_sequence_has_no_label() -> None:
    for row in pack_rows(sequences(30), max_length=64, packing=True, seed=0):
        start = 0
        for length in row["seq_lengths"]:
            assert row["labels"][start] == IGNORED
            start += length


def test_positions_start_again_at_each_sequence_and_at_the_padding() -> None:
    rows = [
        {"input_ids": [7, 8, 9], "labels": [IGNORED, 8, IGNORED], "seq_lengths": [2, 1]},
        {"input_ids": [5], "labels": [IGNORED], "seq_lengths": [1]},
    ]
    batch = StackedRowsCollator(pad_token_id=1)(rows)
    assert batch["position_ids"].tolist() == [[0, 1, 0], [0, 0, 1]]
    assert batch["input_ids"].tolist() == [[7, 8, 9], [5, 1, 1]]
    assert batch["labels"].tolist() == [[IGNORED, 8, IGNORED], [IGNORED] * 3]
    assert "attention_mask" not in batch


def test_packed_loss_equals_the_loss_of_each_sequence_alone() -> None:
    import torch

    model = load_model(tiny_base(), "causal", is_trained=True)
    made = sequences(25)
    total, count = 0.0, 0
    with torch.inference_mode():
        for one in made:
            targets = torch.tensor(one.labels[1:])
            logits = model(input_ids=torch.tensor([one.input_ids])).logits[0, :-1]
            total += float(
                torch.nn.functional.cross_entropy(logits, targets, ignore_index=IGNORED, reduction="sum")
            )
            count += int((targets != IGNORED).sum())
    packed = heldout_loss(model, made, max_length=64, pad_token_id=1)
    assert packed == pytest.approx(total / count, abs=1e-5)


def test_a_loss_over_no_trained_token_is_null() -> None:
    model = load_model(tiny_base(), "causal", is_trained=True)
    assert heldout_loss(model, [MaskedTokens([5, 6], [True, False])], max_length=8, pad_token_id=1) is None
