"""Upper bounds of the distances to the nearest centre, for all records at once, by matrix products.

    ||x - c||^2  =  ||x||^2 + ||c||^2 - 2 x·c  <=  (1 + g) (||x||^2 + ||c||^2) - 2 fl(x·c)

where fl is what the machine computes and g = (D + 16) eps. The rounding of a product of D numbers is at
most D eps/2 · ||x|| ||c||, and that of the norms D eps/2 of their squares, so g covers them whatever the
order in which the library adds; a bound never falls below the true value, on any number of threads and on
any device. O(N·C·D) for C centres; memory is N floats and one block, on CUDA a copy of the points too.
"""

from collections.abc import Callable

import numpy as np

Bounds = Callable[[list[int]], np.ndarray]

BLOCK_ROWS = 4096
CENTRES_AT_ONCE = 256
# Below so many numbers the import of torch takes longer than a GPU saves.
CUDA_FROM_ELEMENTS = 50_000_000
CUDA_BLOCK_ROWS = 65_536


def bounds_to_nearest(points: np.ndarray) -> Bounds:
    """A function from rows of `points` (N, D), the centres, to bounds (N,) of the squared distances to them.

    Finite float32 or float64. On CUDA where there is a device with room for `points` and they are many.
    """
    if points.size > CUDA_FROM_ELEMENTS:
        import torch

        if torch.cuda.is_available() and torch.cuda.mem_get_info()[0] > points.nbytes + 2**30:
            return bounds_with_torch(points, "cuda")
    return _bounds_with_numpy(points)


def inflated_norms(points: np.ndarray) -> np.ndarray:
    """(N,) squared norms times 1 + g, and a little more than zero, for products too small for the type."""
    kind = np.finfo(points.dtype)
    dimensions = points.shape[1]
    norms = np.einsum("nd,nd->n", points, points)
    return norms * kind.dtype.type(1 + (dimensions + 16) * kind.eps) + kind.dtype.type(dimensions * kind.tiny)


def _bounds_with_numpy(points: np.ndarray) -> Bounds:
    norms = inflated_norms(points)  # (N,)
    products = np.empty(min(BLOCK_ROWS, len(points)) * CENTRES_AT_ONCE, dtype=points.dtype)

    def bounds(centres: list[int]) -> np.ndarray:
        nearest = np.full(len(points), np.inf, dtype=points.dtype)
        for first in range(0, len(centres), CENTRES_AT_ONCE):
            rows = centres[first : first + CENTRES_AT_ONCE]
            minus_twice = -2 * points[rows]  # (C, D)
            for start in range(0, len(points), BLOCK_ROWS):
                here = slice(start, min(start + BLOCK_ROWS, len(points)))
                block = points[here]
                squared = products[: len(block) * len(rows)].reshape(len(block), len(rows))
                np.matmul(block, minus_twice.T, out=squared)
                squared += norms[rows]
                np.minimum(nearest[here], squared.min(axis=1) + norms[here], out=nearest[here])
        return nearest

    return bounds


def bounds_with_torch(points: np.ndarray, device: str) -> Bounds:
    """The same on `device`; the products in float64, since TF32, which training may have switched on for
    float32, rounds more than the bound allows for."""
    import torch

    norms = torch.from_numpy(inflated_norms(points)).to(device)  # (N,)
    held = torch.empty(points.shape, dtype=norms.dtype, device=device)
    for start in range(0, len(points), CUDA_BLOCK_ROWS):  # frames are read-only, which torch does not take
        here = slice(start, start + CUDA_BLOCK_ROWS)
        held[here] = torch.from_numpy(points[here].copy()).to(device)

    def bounds(centres: list[int]) -> np.ndarray:
        nearest = torch.full((len(points),), torch.inf, dtype=torch.float64, device=device)
        for first in range(0, len(centres), CENTRES_AT_ONCE):
            rows = torch.tensor(centres[first : first + CENTRES_AT_ONCE], device=device)
            minus_twice = -2 * held[rows].double()  # (C, D)
            for start in range(0, len(points), CUDA_BLOCK_ROWS):
                here = slice(start, start + CUDA_BLOCK_ROWS)
                squared = held[here].double() @ minus_twice.T  # (rows, C)
                squared += norms[rows]
                nearest[here] = torch.minimum(nearest[here], squared.amin(dim=1) + norms[here])
        return np.nextafter(nearest.cpu().numpy().astype(points.dtype), np.inf, dtype=points.dtype)

    return bounds
