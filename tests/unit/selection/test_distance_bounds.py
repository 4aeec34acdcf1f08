import sys

import numpy as np
import pytest

from instruction_tuning.selection import distance_bounds
from instruction_tuning.selection.distance_bounds import (
    CENTRES_AT_ONCE,
    Bounds,
    bounds_to_nearest,
    bounds_with_torch,
)


def exact(points: np.ndarray, centres: list[int]) -> np.ndarray:
    rows = points.astype(np.float64)
    return np.array([((rows - rows[centre]) ** 2).sum(axis=1) for centre in centres]).min(axis=0)


def with_torch(points: np.ndarray) -> Bounds:
    return bounds_with_torch(points, "cpu")


POINTS = {
    "around zero": np.random.default_rng(0).normal(size=(3000, 24)),
    "far from zero": 100 + np.random.default_rng(1).normal(size=(3000, 24)),
    "of all sizes": np.random.default_rng(2).normal(size=(3000, 24))
    * 10.0 ** np.random.default_rng(2).integers(-20, 9, (3000, 1)),
    "zero": np.zeros((5, 3)),
}


@pytest.mark.parametrize("name", POINTS)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("make", [bounds_to_nearest, with_torch])
def test_a_bound_is_never_below_the_distance_and_close_to_it(name, kind, make) -> None:
    points = POINTS[name].astype(kind)
    centres = [2, *range(len(points) - 1, 3, -9)]  # more than are multiplied at once
    assert len(centres) > CENTRES_AT_ONCE or name == "zero"
    found = make(points)(centres)
    true = exact(points, centres)
    assert found.dtype == kind and (found >= true).all()
    norms = (points.astype(np.float64) ** 2).sum(axis=1)
    assert (found - true <= 50 * np.finfo(kind).eps * (true + 2 * norms) + 1e-30).all()


def test_a_small_pool_does_not_wait_for_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # to import it is an error now
    bounds_to_nearest(np.ones((4, 2), dtype=np.float32))([0])


@pytest.mark.gpu
def test_a_large_pool_is_bounded_on_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    points = POINTS["far from zero"].astype(np.float32)
    monkeypatch.setattr(distance_bounds, "CUDA_FROM_ELEMENTS", 0)
    found = bounds_to_nearest(points)([0, 7])
    true = exact(points, [0, 7])
    assert (found >= true).all()
    np.testing.assert_allclose(found, true, rtol=1e-3, atol=10)
