#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "waterz==0.10.1"]
# ///
"""Writes the fragments and segments that waterz finds in small affinity volumes.

volumes/golden/waterz-<version>/segmentation/<case>.json holds the shape (z, y, x), affinities
(channel, z, y, x) in 65536ths, the thresholds of the watershed, the fragments, and the segments
for each threshold of the agglomeration (mean affinity, no bins). Every affinity is another
number, so that no answer hangs on the order of equal ones. Numbering is waterz's: compare up to
relabelling.
"""

import importlib.metadata
import json
import pathlib

import numpy as np
import waterz

golden = pathlib.Path(__file__).resolve().parents[2] / "volumes/golden"
folder = golden / f"waterz-{importlib.metadata.version('waterz')}" / "segmentation"
folder.mkdir(parents=True, exist_ok=True)


def smooth(values, rounds):
    for _ in range(rounds):
        for axis in (1, 2, 3):
            values = (values + np.roll(values, 1, axis) + np.roll(values, -1, axis)) / 3
    return values


def distinct(values):
    """Ranks of the values, spread over 1 ... 65535."""
    ranks = values.ravel().argsort().argsort()
    return (1 + ranks * 65534 // (ranks.size - 1)).reshape(values.shape)


generator = np.random.default_rng(11)
for case, shape, rounds, low, high in [
    ("noise", (9, 10, 11), 0, 0.1, 0.95),
    ("smooth", (12, 13, 14), 2, 0.1, 0.9999),
    ("background", (10, 9, 17), 1, 0.6, 0.98),
    ("section", (1, 40, 41), 1, 0.3, 0.999),
]:
    stored = distinct(smooth(generator.random((3, *shape)), rounds))
    assert np.unique(stored).size == stored.size
    affinities = (stored / 65536).astype(np.float32)
    thresholds = [0, 0.2, 0.4, 0.5, 0.6]
    found = waterz.agglomerate(
        affinities, thresholds, aff_threshold_low=low, aff_threshold_high=high
    )
    segments = [segmentation.astype(int).ravel().tolist() for segmentation in found]
    content = {
        "shape": shape,
        "affinities": stored.ravel().tolist(),
        "low": low,
        "high": high,
        "thresholds": thresholds[1:],
        "fragments": segments[0],
        "segments": segments[1:],
    }
    (folder / f"{case}.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")
