"""In which format products are taken."""

import pytest
import torch

from instruction_tuning.training.schedule import trains_in_bfloat16


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
