"""In which format products are taken, and how many steps warm up."""

import pytest
import torch
from recipe_builders import small_schedule

from instruction_tuning.training.schedule import optimizer_steps, trains_in_bfloat16, warmup


@pytest.mark.parametrize(
    ("precision", "has_gpu", "capabilities", "expected"),
    [
        ("auto", True, {}, True),
        ("auto", None, {"avx512_bf16": True}, False),
        ("auto", False, {"avx512_bf16": True}, True),
        ("auto", False, {"amx_bf16": True}, True),
        ("auto", False, {"avx512_f": True, "avx512_bf16": False}, False),
        ("auto", False, {}, False),
        ("float32", True, {"avx512_bf16": True}, False),
        ("bfloat16", False, {}, True),
    ],
)
def test_auto_is_bfloat16_where_the_device_multiplies_it(
    monkeypatch, precision, has_gpu, capabilities, expected
):
    """`has_gpu` null: one that only emulates it."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_gpu is not False)
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation or bool(has_gpu)
    )
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert trains_in_bfloat16(precision) is expected


def test_this_machine_can_be_asked():
    """The names above are those that torch uses; it gives truth values for this machine."""
    capabilities = torch.cpu.get_capabilities()
    assert capabilities["architecture"]
    if capabilities["architecture"] == "x86_64":
        assert {"avx512_bf16", "amx_bf16"} <= capabilities.keys()


@pytest.mark.parametrize(("steps", "expected"), [(1, 0), (20, 0), (21, 0.05), (400, 0.05)])
def test_a_warm_up_of_one_step_is_none_and_a_longer_one_stays(steps, expected):
    assert warmup(0.05, steps) == expected
    assert warmup(0.0, steps) == 0


def test_steps_are_counted_an_epoch_at_a_time_for_all_devices():
    schedule = small_schedule(num_train_epochs=3, rows_per_microbatch=2, gradient_accumulation_steps=4)
    assert [optimizer_steps(schedule, rows) for rows in (1, 8, 9)] == [3, 3, 6]
    assert optimizer_steps(schedule, 9, devices=2) == 3
    assert optimizer_steps(small_schedule(num_train_epochs=0.5), 5) == 2
