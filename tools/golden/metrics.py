#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "scikit-image==0.26.0"]
# ///
"""Writes segmentation scores of small volumes.

volumes/golden/scikit-image-<version>/metrics/<case>.json: scikit-image's scores, truth 0 ignored.
volumes/golden/numpy-<version>/metrics/<case>.json: CREMI's and SNEMI3D's scores from their
definitions, on the dense matrix of shares of voxels.
"""

import json
import pathlib

import numpy as np
import skimage
import skimage.metrics

golden = pathlib.Path(__file__).resolve().parents[2] / "volumes/golden"


def cases():
    generator = np.random.default_rng(9)
    shape = (8, 12, 20)
    grid = np.stack(np.indices(shape), -1)[..., None, :]

    def cells(points):
        return ((grid - points) ** 2).sum(-1).argmin(-1).astype(np.uint64) + 1

    points = generator.random((12, 3)) * shape
    truth = cells(points)
    truth[generator.random(shape) < 0.1] = 0
    moved = cells(np.concatenate([points[:9] + 0.5, generator.random((5, 3)) * shape]))
    moved[generator.random(shape) < 0.15] = 0
    yield "moved", moved, truth
    yield "perfect", truth, truth
    yield "one-segment", np.ones(shape, np.uint64), truth
    yield "noise", generator.integers(0, 6, shape).astype(np.uint64), truth
    yield "no-background", moved + 2**53, truth + 2**60


def defined(segmentation, truth):
    """Scores by definition: shares of the voxels whose truth is not 0."""
    counted = truth.ravel() != 0
    s, t = segmentation.ravel()[counted], truth.ravel()[counted]
    (_, s), (_, t) = (np.unique(v, return_inverse=True) for v in (s, t))
    scores = {}
    alone = segmentation.ravel()[counted] == 0
    for name in ("cremi", "snemi"):
        ids = s.copy()
        if name == "snemi":
            ids[alone] = s.max() + 1 + np.arange(alone.sum())
        p = np.zeros((ids.max() + 1, t.max() + 1))
        np.add.at(p, (ids, t), 1 / len(t))
        p = p[p.sum(1) > 0]
        given_truth, given_segment = p / p.sum(0), p / p.sum(1)[:, None]
        inside = p > 0
        pairs = (p**2).sum()
        scores[name] = {
            "split": -(p[inside] * np.log2(given_truth[inside])).sum() + 0.0,
            "merge": -(p[inside] * np.log2(given_segment[inside])).sum() + 0.0,
            "precision": pairs / (p.sum(1) ** 2).sum(),
            "recall": pairs / (p.sum(0) ** 2).sum(),
        }
    return scores


def write(peer, case, segmentation, truth, scores):
    folder = golden / peer / "metrics"
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "shape": truth.shape, "segmentation": segmentation.ravel().tolist(),
        "truth": truth.ravel().tolist(), "scores": scores}
    (folder / f"{case}.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


for case, segmentation, truth in cases():
    write(f"numpy-{np.__version__}", case, segmentation, truth, defined(segmentation, truth))
    # scikit-image makes a table as long as the largest label.
    if truth.max() >= 2**32:
        continue
    split, merge = skimage.metrics.variation_of_information(
        truth, segmentation, ignore_labels=(0,))
    _, precision, recall = skimage.metrics.adapted_rand_error(
        truth, segmentation, ignore_labels=(0,))
    write(f"scikit-image-{skimage.__version__}", case, segmentation, truth, {"distinct": {
        "split": split, "merge": merge, "precision": precision, "recall": recall}})
