#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "opencv-python-headless==5.0.0.93"]
# ///
"""Writes sections equalised by OpenCV's CLAHE, and percentiles and moments by numpy.

volumes/golden/opencv-<version>/clahe/<case>.json holds the section (y, x), the tiles along y and x,
the clip limit and OpenCV's values; volumes/golden/numpy-<version>/contrast/<case>.json holds grey
values, percentiles of them, their mean and their standard deviation.
"""

import json
import pathlib

import cv2
import numpy as np

golden = pathlib.Path(__file__).resolve().parents[2] / "volumes/golden"
generator = np.random.default_rng(11)


def section(height, width, dtype):
    y, x = np.indices((height, width))
    top = 255 if dtype == np.uint8 else 40000
    noise = generator.normal(0, 0.1, (height, width))
    return np.clip((np.sin(y / 9) * np.cos(x / 7) * 0.3 + 0.5 + noise) * top, 0, top).astype(dtype)


def write(folder, case, **content):
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, separators=(",", ":"))
    (folder / f"{case}.json").write_text(text + "\n")


equalised = golden / f"opencv-{cv2.__version__}" / "clahe"
for case, dtype, height, width, tiles, clip in [
    ("whole", np.uint8, 64, 64, (4, 4), 2),
    ("reflected", np.uint8, 61, 83, (3, 4), 3),
    ("one-side-divides", np.uint8, 60, 83, (4, 4), 40),
    ("narrow", np.uint8, 100, 37, (8, 8), 1),
    ("no-limit", np.uint8, 48, 72, (2, 3), 0),
    ("tiny", np.uint8, 9, 7, (4, 4), 2),
    ("sixteen-bits", np.uint16, 45, 50, (2, 3), 3),
]:
    values = section(height, width, dtype)
    result = cv2.createCLAHE(clip, (tiles[1], tiles[0])).apply(values)
    write(equalised, case, shape=values.shape, tiles=tiles, clip=clip, bits=dtype().itemsize * 8,
          values=values.ravel().tolist(), equalised=result.ravel().tolist())

described = golden / f"numpy-{np.__version__}" / "contrast"
for case, values in [("image", section(37, 41, np.uint8)), ("few", np.array([3, 200, 7], np.uint8)),
                     ("flat", np.full(20, 9, np.uint8))]:
    percents = [0, 0.5, 2, 25, 50, 99.5, 100]
    write(described, case, values=values.ravel().tolist(), percents=percents,
          percentiles=[float(np.percentile(values, p)) for p in percents],
          mean=float(values.mean()), deviation=float(values.astype(float).std()))
