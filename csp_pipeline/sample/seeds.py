"""Seeded randomness: one numpy stream for each feed and period, and keys for people and crimes who do not exist."""

from __future__ import annotations

import zlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_HEX = 64


def open_stream(seed: int, feed: str, *parts: int) -> np.random.Generator:
    """Open the random stream of a feed (and period), independent of every other stream of the same seed."""
    spawn_key = (zlib.crc32(feed.encode()), *parts)
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=spawn_key))


def derive_keys(seed: int, domain: str, ids: np.ndarray) -> pa.Array:
    """Derive a 64-character hex key for each id of a domain; a negative id has none (null)."""
    ids = np.ascontiguousarray(ids, dtype=np.int64)
    start = np.random.SeedSequence(entropy=seed, spawn_key=(zlib.crc32(domain.encode()),)).generate_state(1, np.uint64)[0]
    lanes = np.empty((len(ids), 4), dtype=">u8")
    with np.errstate(over="ignore"):
        base = _mix(ids.astype(np.uint64) + start)
        for lane in range(4):
            lanes[:, lane] = _mix(base + _GAMMA * np.uint64(lane + 1))
    text = np.frombuffer(lanes.tobytes().hex().encode(), dtype=np.uint8)
    offsets = np.arange(len(ids) + 1, dtype=np.int32) * _HEX
    keys = pa.StringArray.from_buffers(len(ids), pa.py_buffer(offsets), pa.py_buffer(text))
    if (ids < 0).any():
        return pc.if_else(pa.array(ids >= 0), keys, pa.scalar(None, pa.string()))
    return keys


def choose_indices(rng: np.random.Generator, weights: np.ndarray, count: int) -> np.ndarray:
    """Choose indices in proportion to weights (faster than Generator.choice for millions)."""
    edges = np.cumsum(weights) / weights.sum()
    return np.minimum(np.searchsorted(edges, rng.random(count), side="right"), len(weights) - 1)


def allot(total: int, weights: np.ndarray) -> np.ndarray:
    """Share a total out in proportion to weights, in whole numbers that add up (largest remainders first)."""
    weights = np.asarray(weights, dtype=float)
    exact = total * weights / weights.sum()
    shares = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - shares), kind="stable")
    shares[order[: total - shares.sum()]] += 1
    return shares


def _mix(values: np.ndarray) -> np.ndarray:
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
