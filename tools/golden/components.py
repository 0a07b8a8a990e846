#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "numpy==2.4.6", "scipy==1.17.1", "scikit-image==0.26.0", "connected-components-3d==4.1.1",
# ]
# ///
"""Writes the connected components that scipy, scikit-image and cc3d find in small volumes.

volumes/golden/<peer>-<version>/components/<case>.json holds the shape (z, y, x), the values and,
for each connectivity, the peer's labels. Numbering is the peer's: compare up to relabelling.
"""

import importlib.metadata
import json
import pathlib

import cc3d
import numpy as np
import scipy
import scipy.ndimage
import skimage
import skimage.measure

golden = pathlib.Path(__file__).resolve().parents[2] / "volumes/golden"
reach = {6: 1, 18: 2, 26: 3}


def masks():
    generator = np.random.default_rng(7)
    for percent in (15, 35, 60):
        yield f"mask-{percent}", (generator.random((9, 11, 23)) < percent / 100).astype(np.uint8)
    z, y, x = np.indices((8, 9, 18))
    yield "checkerboard", ((z + y + x) % 2).astype(np.uint8)
    yield "full", np.ones((3, 4, 5), np.uint8)
    yield "voxel", np.ones((1, 1, 1), np.uint8)


def label_volumes():
    generator = np.random.default_rng(8)
    points = generator.random((40, 3)) * (10, 12, 25)
    grid = np.stack(np.indices((10, 12, 25)), -1)[..., None, :]
    cells = ((grid - points) ** 2).sum(-1).argmin(-1)
    cells[generator.random(cells.shape) < 0.1] = 0
    names = generator.permutation(40)
    yield "cells", names[cells].astype(np.uint32)
    huge = np.array([0, 2**53, 2**53 + 1, 2**64 - 1], np.uint64)
    yield "huge-labels", huge[generator.integers(0, 4, (7, 8, 19))]


def write(peer, case, volume, label):
    folder = golden / peer / "components"
    folder.mkdir(parents=True, exist_ok=True)
    labels = {str(n): np.asarray(label(volume, n)).ravel().tolist() for n in reach}
    content = {"shape": volume.shape, "values": volume.ravel().tolist(), "labels": labels}
    (folder / f"{case}.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


for case, volume in masks():
    write(f"scipy-{scipy.__version__}", case, volume, lambda volume, n: scipy.ndimage.label(
        volume, scipy.ndimage.generate_binary_structure(3, reach[n]))[0])
for case, volume in label_volumes():
    write(f"cc3d-{importlib.metadata.version('connected-components-3d')}", case, volume,
          lambda volume, n: cc3d.connected_components(volume, connectivity=n))
case, volume = next(label_volumes())
write(f"scikit-image-{skimage.__version__}", case, volume, lambda volume, n: skimage.measure.label(
    volume, connectivity=reach[n]))
