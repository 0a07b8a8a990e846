#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "scipy==1.17.1"]
# ///
"""Writes the Euclidean distances to the background that scipy finds in small masks.

volumes/golden/scipy-<version>/distances/<case>.json holds the shape (z, y, x), the size of a voxel,
the mask as one text of 0 and 1, and the distances (scipy.ndimage.distance_transform_edt).
"""

import importlib.metadata
import json
import pathlib

import numpy as np
import scipy.ndimage

golden = pathlib.Path(__file__).resolve().parents[2] / "volumes/golden"
folder = golden / f"scipy-{importlib.metadata.version('scipy')}" / "distances"
folder.mkdir(parents=True, exist_ok=True)
generator = np.random.default_rng(19)
for case, shape, spacing, share in [
    ("cubes", (9, 14, 15), (1, 1, 1), 0.97),
    ("sections", (7, 17, 16), (5, 1, 1), 0.95),
    ("oblong", (10, 11, 12), (2.4, 1, 1.3), 0.99),
    ("plane", (1, 33, 31), (1, 1, 1), 0.98),
]:
    mask = generator.random(shape) < share
    distances = scipy.ndimage.distance_transform_edt(mask, sampling=spacing)
    content = {
        "shape": shape,
        "spacing": spacing,
        "mask": "".join("01"[inside] for inside in mask.ravel().astype(int)),
        "distances": [float(f"{distance:.9g}") for distance in distances.ravel()],
    }
    (folder / f"{case}.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")
