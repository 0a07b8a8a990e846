#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "numpy==2.4.6", "scipy==1.17.1", "scikit-image==0.26.0", "zarr==2.18.7", "gunpowder==1.4.4",
#   "cython", "lsds==0.1.3",
# ]
# ///
"""Writes the training targets that peers make of small label volumes.

volumes/golden/<peer>-<version>/targets/<case>.json holds the shape (z, y, x) and values of the
labels, what the peer was asked, and its answer: affinities and grown boundaries by gunpowder, local
shape descriptors by lsds, thick boundaries by scikit-image, and distances by scipy.

lsds builds with `pip install --no-build-isolation --no-deps lsds==0.1.3`.
"""

import importlib.metadata
import json
import pathlib
import sys

sys.path.pop(0)  # This folder's scripts are named like the packages they use.
import gunpowder as gp  # noqa: E402
import numpy as np  # noqa: E402
import scipy  # noqa: E402
import scipy.ndimage  # noqa: E402
import skimage  # noqa: E402
import skimage.segmentation  # noqa: E402
from gunpowder.nodes.add_affinities import seg_to_affgraph  # noqa: E402
from lsd.train.local_shape_descriptor import get_local_shape_descriptors  # noqa: E402

golden = pathlib.Path(__file__).resolve().parents[2] / "volumes/golden"


def cells(shape, count, seed, holes):
    """Voronoi cells numbered from 1 on, some of their voxels background."""
    generator = np.random.default_rng(seed)
    points = generator.random((count, 3)) * shape
    grid = np.stack(np.indices(shape), -1)[..., None, :]
    labels = ((grid - points) ** 2).sum(-1).argmin(-1).astype(np.uint64) + 1
    labels[generator.random(shape) < holes] = 0
    return labels


def write(peer, case, labels, **content):
    folder = golden / peer / "targets"
    folder.mkdir(parents=True, exist_ok=True)
    content = {"shape": labels.shape, "labels": labels.ravel().tolist(), **content}
    (folder / f"{case}.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


def rounded(values):
    return [float(f"{value:.6g}") for value in np.asarray(values).ravel()]


def affinities():
    labels = cells((7, 9, 11), 12, 1, 0.1)
    for case, offsets in (
        ("nearest", [(-1, 0, 0), (0, -1, 0), (0, 0, -1)]),
        ("long-range", [(-1, 0, 0), (0, -4, 0), (0, 0, -9), (2, -3, 4), (0, 1, 0), (-6, 0, 0)]),
    ):
        values = seg_to_affgraph(labels.astype(np.int32), offsets)
        # A mask of what lies inside is what gunpowder makes of a mask that is 1 everywhere.
        known = seg_to_affgraph(np.ones(labels.shape, np.int32), offsets)
        write(f"gunpowder-{importlib.metadata.version('gunpowder')}", f"affinities-{case}", labels,
              offsets=offsets, values=values.ravel().tolist(), weights=known.ravel().tolist())


def grown_boundaries():
    labels = cells((9, 12, 14), 5, 2, 0.004)
    for case, steps, only_xy in (("one", 1, False), ("two-in-sections", 2, True)):
        key = gp.ArrayKey("LABELS")
        array = gp.Array(
            labels.copy(), gp.ArraySpec(roi=gp.Roi((0, 0, 0), labels.shape), voxel_size=(1, 1, 1)))
        batch = gp.Batch()
        batch[key] = array
        node = gp.GrowBoundary(key, steps=steps, only_xy=only_xy)
        node.process(batch, gp.BatchRequest())
        write(f"gunpowder-{importlib.metadata.version('gunpowder')}", f"grown-boundary-{case}",
              labels, steps=steps, only_xy=only_xy, values=array.data.ravel().tolist())


def thick_boundaries():
    labels = cells((7, 9, 11), 6, 3, 0.01)
    values = skimage.segmentation.find_boundaries(labels.astype(np.int64), mode="thick")
    write(f"scikit-image-{skimage.__version__}", "thick-boundaries", labels,
          values=(values | (labels == 0)).astype(int).ravel().tolist())


def shape_descriptors():
    labels = cells((16, 16, 16), 5, 4, 0.05)
    for case, voxel_size, sigma, downsample, begin, shape in (
        ("cubic", (1, 1, 1), (2, 2, 2), 1, (5, 6, 4), (6, 5, 7)),
        ("anisotropic", (4, 1, 1), (6, 3, 2), 1, (6, 3, 5), (5, 8, 6)),
        ("downsampled", (1, 1, 1), (4, 4, 4), 2, (4, 6, 4), (8, 6, 6)),
        ("at-the-border", (1, 1, 1), (3, 3, 3), 1, (0, 0, 11), (4, 6, 5)),
    ):
        values = get_local_shape_descriptors(
            labels, sigma, voxel_size=voxel_size, roi=gp.Roi(begin, shape), downsample=downsample)
        write(f"lsds-{importlib.metadata.version('lsds')}", f"shape-descriptors-{case}", labels,
              voxel_size=voxel_size, sigma=sigma, downsample=downsample, begin=begin, extent=shape,
              values=rounded(values))


def distances():
    labels = cells((8, 11, 13), 6, 5, 0.02)
    for case, voxel_size in (("cubic", (10, 10, 10)), ("anisotropic", (40, 4, 5))):
        values = np.zeros(labels.shape)
        for label in np.unique(labels):
            inside = scipy.ndimage.distance_transform_edt(labels == label, sampling=voxel_size)
            values[labels == label] = (inside if label else -inside)[labels == label]
        write(f"scipy-{scipy.__version__}", f"distances-{case}", labels, voxel_size=voxel_size,
              values=rounded(values))


affinities()
grown_boundaries()
thick_boundaries()
shape_descriptors()
distances()
