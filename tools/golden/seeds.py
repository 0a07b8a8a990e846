#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "scipy==1.17.1", "scikit-image==0.26.0"]
# ///
"""Writes volumes/golden/scipy-1.17.1/seeds: the seeds of flood filling as google/ffn finds them.

`image.u8` is the image, (z, y, x) bytes; the network sees (value - 128) / 33. `edges.u8` is 1 where
the Sobel gradient exceeds its Gaussian mean, `seeds.i32` the seeds as triples z, y, x.

Usage: tools/golden/seeds.py
"""

import pathlib

import numpy as np
from scipy import ndimage
from skimage.feature import peak_local_max

folder = pathlib.Path(__file__).parents[2] / "volumes/golden/scipy-1.17.1/seeds"
folder.mkdir(parents=True, exist_ok=True)
shape, margin = (34, 40, 46), 4

noise = np.random.default_rng(7).normal(size=shape)
cells = ndimage.gaussian_filter(noise, 2)
walls = np.abs(cells) < 0.08 * cells.std()
image = np.where(walls, 60, 170) + 12 * np.random.default_rng(8).normal(size=shape)
image = np.clip(ndimage.gaussian_filter(image, 0.7), 0, 255).astype(np.uint8)
image.tofile(folder / "image.u8")

seen = (image.astype(np.float32) - np.float32(128)) / np.float32(33)
gradient = ndimage.generic_gradient_magnitude(seen, ndimage.sobel)
mean = np.zeros(shape, np.float32)
ndimage.gaussian_filter(gradient, 49 / 6, output=mean, mode="reflect")
edges = gradient > mean
edges.astype(np.uint8).tofile(folder / "edges.u8")

distance = ndimage.distance_transform_edt(~edges).astype(np.float32)
distance = distance + np.random.RandomState(42).rand(*shape) * 1e-4
peaks = peak_local_max(distance, min_distance=3, threshold_abs=0, threshold_rel=0)
peaks = np.array(sorted(map(tuple, peaks)), np.int32)
inside = np.all((peaks >= margin) & (peaks + margin < np.array(shape)), axis=1)
peaks[inside].tofile(folder / "seeds.i32")
print(f"{edges.mean():.3f} edges, {len(peaks)} peaks, {inside.sum()} seeds")
