# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "numpy==2.4.6", "pillow==13.0.0", "zarr==3.1.6", "h5py==3.16.0", "tifffile==2026.3.3",
# ]
# ///
"""Draws the worst errors that emseg evaluate segmentation found, one row each.

    emseg evaluate segmentation p.fascicle labels.h5 --table errors.csv
    uv run tools/pictures/errors.py errors.csv --segmentation p.fascicle --truth labels.h5 P.png

Each row: grey values, the true objects, the segments, in the section that shows most of the two
largest parts. Of a split the object is drawn in white outline, of a merge the segment. Images are OME-Zarr,
projects, folders of TIFF, or HDF5 as FILE:DATASET; all are taken to start at the same voxel.
"""

import argparse
import colorsys
import csv
import pathlib

import h5py
import numpy as np
import tifffile
import zarr
from PIL import Image, ImageDraw

INK, PAPER, GAP, HEADER = (30, 30, 30), (255, 255, 255), 6, 22


def opened(path, inside):
    """The array at a path, or within the project there."""
    if (pathlib.Path(path) / "project.json").exists():
        path = f"{path}/{inside}"
    folder = pathlib.Path(path)
    if ".h5" in path or ".hdf" in path:
        name, _, dataset = path.partition(":")
        return h5py.File(name)[dataset or "volumes/labels/neuron_ids"]
    if folder.is_dir() and list(folder.glob("*.tif")):
        return np.stack([tifffile.imread(f) for f in sorted(folder.glob("*.tif"))])
    node = zarr.open(path, mode="r")
    if isinstance(node, zarr.Array):
        return node
    multiscale = node.attrs.get("ome", node.attrs)["multiscales"][0]
    return node[multiscale["datasets"][0]["path"]]


def colour(label):
    hue = label * 0.618033988749895 % 1
    return [round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.75, 0.95)]


def panel(labels, grey, outlined):
    """Labels in colours over grey values, one of them in white outline."""
    ids, inverse = np.unique(labels, return_inverse=True)
    colours = np.array([colour(int(label)) for label in ids])[inverse.reshape(labels.shape)]
    share = (labels != 0)[..., None] * 0.4
    picture = grey[..., None] * (1 - share) + colours * share
    edge = np.zeros(labels.shape, bool)
    edge[1:] |= outlined[1:] != outlined[:-1]
    edge[:, 1:] |= outlined[:, 1:] != outlined[:, :-1]
    picture[edge] = 255
    return picture.astype(np.uint8)


def window(length, centre, size):
    start = max(0, min(centre - size // 2, length - size))
    return slice(start, min(length, start + size))


def row(error, image, truth, segmentation, size, scale):
    label, second = int(error["label"]), int(error["second_label"] or 0)
    is_split = error["error"] == "split"
    extent = np.minimum(truth.shape, segmentation.shape)
    whole = tuple(slice(0, n) for n in extent)
    objects, segments = truth[whole], segmentation[whole]
    outer = objects == label if is_split else segments == label
    others = segments if is_split else objects
    part = outer & (others == second)
    # Where the largest part shows too, if they meet in a section at all.
    both = np.minimum(
        part.sum((1, 2)), (outer & (others == int(error["first_label"]))).sum((1, 2)))
    z = int((both if both.any() else part.sum((1, 2))).argmax())
    inside = np.argwhere(part[z])
    y, x = (int(v) for v in inside[((inside - inside.mean(0)) ** 2).sum(1).argmin()])
    crop = (z, window(extent[1], y, size), window(extent[2], x, size))
    section = image[crop].astype(np.float32)
    low, high = np.percentile(section, (0.5, 99.5))
    grey = np.clip((section - low) / max(high - low, 1), 0, 1) * 255
    panels = [
        np.repeat(grey[..., None], 3, 2).astype(np.uint8),
        panel(objects[crop], grey, outer[crop]), panel(segments[crop], grey, outer[crop])]
    title = "{} {}: {:.4f} bits, {} parts; here {} (voxel {},{},{})".format(
        "split of object" if is_split else "merge by segment", label, float(error["bits"]),
        error["parts"], second or "background", z, y, x)
    height, width = panels[0].shape[:2]
    sheet = Image.new("RGB", (3 * width * scale + 2 * GAP, height * scale + HEADER), PAPER)
    ImageDraw.Draw(sheet).text((2, 4), title, INK)
    for index, array in enumerate(panels):
        tile = Image.fromarray(array).resize((width * scale, height * scale), Image.NEAREST)
        sheet.paste(tile, (index * (width * scale + GAP), HEADER))
    return sheet


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", help="from emseg evaluate segmentation --table")
    parser.add_argument("output")
    parser.add_argument("--segmentation", required=True)
    parser.add_argument("--truth", required=True)
    parser.add_argument("--image", help="grey values; the project's when left out")
    parser.add_argument("--count", type=int, default=3, help="errors of each kind")
    parser.add_argument("--size", type=int, default=128, help="voxels across")
    parser.add_argument("--scale", type=int, default=2, help="pixels of a voxel")
    words = parser.parse_args()
    errors = list(csv.DictReader(open(words.table)))
    chosen = [
        error for kind in ("split", "merge")
        for error in [
            e for e in errors
            if e["error"] == kind and e["second_label"] not in ("", "0") and e["label"] != "0"
        ][: words.count]]
    image = opened(words.image or words.segmentation, "raw.zarr")
    truth = np.asarray(opened(words.truth, "")[:])
    segmentation = np.asarray(opened(words.segmentation, "segmentation.zarr")[:])
    rows = [row(e, image, truth, segmentation, words.size, words.scale) for e in chosen]
    sheet = Image.new(
        "RGB", (max(r.width for r in rows), sum(r.height + GAP for r in rows)), PAPER)
    top = 0
    for picture in rows:
        sheet.paste(picture, (0, top))
        top += picture.height + GAP
    sheet.save(words.output)


main()
