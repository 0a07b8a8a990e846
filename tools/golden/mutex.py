#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "bioimage-cpp==0.10.0", "mwatershed==0.5.4"]
# ///
"""Writes what two peers make of small affinity volumes by the mutex watershed.

bioimage-cpp carries on affogato, which is not on PyPI; mwatershed is what volara uses. For each case
volumes/golden/<peer>-<version>/mutex/<case>.json holds the shape (z, y, x), the offsets, how many of
them attract, the strides of the others, affinities (channel, z, y, x) in 65536ths, biases where links
pull both ways, and the segments. No two links of a case are equally strong, so that no answer hangs
on the order of equal ones. Numbering is the peer's: compare up to relabelling.
"""

import importlib.metadata
import json
import pathlib

import bioimage_cpp
import mwatershed
import numpy as np

golden = pathlib.Path(__file__).resolve().parents[2] / "volumes/golden"
near = [[-1, 0, 0], [0, -1, 0], [0, 0, -1]]
ones = [1, 1, 1]


def write(peer, case, **content):
    folder = golden / f"{peer}-{importlib.metadata.version(peer)}" / "mutex"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{case}.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


def smooth(values, rounds):
    for _ in range(rounds):
        for axis in (1, 2, 3):
            values = (values + np.roll(values, 1, axis) + np.roll(values, -1, axis)) / 3
    return values


def distinct(values, attractive):
    """Ranks of the strengths, spread over 1 ... 65535; repulsive channels count down."""
    ranks = values.ravel().argsort().argsort()
    strengths = (1 + ranks * 65534 // (ranks.size - 1)).reshape(values.shape)
    assert np.unique(strengths).size == strengths.size
    return np.concatenate([strengths[:attractive], 65536 - strengths[attractive:]])


generator = np.random.default_rng(7)
for case, shape, far, rounds, strides in [
    ("noise", (8, 9, 10), [[-3, 0, 0], [0, -3, 0], [0, 0, -3]], 0, ones),
    ("smooth", (9, 11, 10), [[-2, 0, 0], [0, -4, 0], [0, 0, -4], [0, -3, 3]], 2, ones),
    ("ahead", (7, 8, 9), [[2, 1, 0], [0, 4, -3], [-1, -2, 5]], 1, ones),
    ("strides", (8, 12, 13), [[-2, 0, 0], [0, -3, 0], [0, 0, -3]], 1, [1, 2, 3]),
    ("section", (1, 40, 41), [[0, -5, 0], [0, 0, -5], [0, -9, -4]], 2, ones),
]:
    attractive = near if case != "ahead" else [[1, 0, 0], [0, -1, 0], [0, 0, 1]]
    offsets = attractive + far
    stored = distinct(smooth(generator.random((len(offsets), *shape)), rounds), len(attractive))
    affinities = stored / 65536
    strengths = affinities.copy()
    strengths[len(attractive):] = 1 - strengths[len(attractive):]
    found = bioimage_cpp.segmentation.mutex_watershed(
        strengths.astype(np.float64), offsets, len(attractive), strides=strides)
    content = {
        "shape": shape, "offsets": offsets, "attractive": len(attractive), "strides": strides,
        "affinities": stored.ravel().tolist(),
    }
    write("bioimage-cpp", case, **content, segments=found.astype(int).ravel().tolist())
    if strides != ones:
        continue  # mwatershed's strides mean something else.
    signed = affinities.copy()
    signed[len(attractive):] -= 1
    found = mwatershed.agglom(signed, offsets)
    # Its labels may begin with 0.
    write("mwatershed", case, **content, segments=(found.astype(int) + 1).ravel().tolist())

# Links that pull both ways, as volara has them: by affinity + score.
shape, offsets = (8, 9, 10), near + [[-3, 0, 0], [0, -3, 0], [0, 0, -3]]
scores = [-0.25] * 3 + [-0.5] * 3
while True:
    stored = generator.integers(1, 65536, (6, *shape))
    for _ in range(200):
        pull = np.abs(stored + (65536 * np.reshape(scores, (6, 1, 1, 1))).astype(int))
        repeated = np.isin(pull, np.flatnonzero(np.bincount(pull.ravel()) > 1)) | (pull == 0)
        if not repeated.any():
            break
        stored[repeated] = generator.integers(1, 65536, repeated.sum())
    if not repeated.any():
        break
found = mwatershed.agglom(stored / 65536 + np.reshape(scores, (6, 1, 1, 1)), offsets)
write(
    "mwatershed", "biases", shape=shape, offsets=offsets, attractive=3, strides=ones,
    affinities=stored.ravel().tolist(), biases=[-score for score in scores],
    segments=(found.astype(int) + 1).ravel().tolist())
