# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "pillow==13.0.0", "zarr==3.1.6"]
# ///
"""Draws three slices of a project: grey values, affinities, segments over grey values.

    uv run tools/pictures/three-slices.py fib25.fascicle docs/pictures/fib25-three-slices.png
    uv run tools/pictures/three-slices.py fib25.fascicle P.png --slices 20,80,140 --title "FIB-25"

A project folder holds raw.zarr, affinities.zarr and segmentation.zarr; each can be given by its own
option instead. All are OME-Zarr groups, or plain Zarr arrays.
"""

import argparse
import colorsys
import pathlib

import numpy as np
import zarr
from PIL import Image, ImageDraw, ImageFont

INK, PAPER = (30, 30, 30), (255, 255, 255)
MARGIN, GAP, HEADER = 8, 6, 26


def opened(path):
    """The array at a path, or the finest level of the image group there."""
    node = zarr.open(path, mode="r")
    if isinstance(node, zarr.Array):
        return node
    attributes = node.attrs
    multiscale = attributes.get("ome", attributes)["multiscales"][0]
    return node[multiscale["datasets"][0]["path"]]


def grey_panel(section):
    """Grey values spread from the 0.5th to the 99.5th percentile."""
    low, high = np.percentile(section, (0.5, 99.5))
    scaled = (section.astype(np.float32) - low) / max(high - low, 1)
    return np.repeat((np.clip(scaled, 0, 1) * 255).astype(np.uint8)[..., None], 3, axis=2)


def affinity_panel(section):
    """(3, y, x) affinities along z, y, x as red, green, blue; white is all of one object."""
    if np.issubdtype(section.dtype, np.integer):
        scaled = section.astype(np.float32) / np.iinfo(section.dtype).max
    else:
        scaled = np.clip(section, 0, 1)
    return (np.moveaxis(scaled[:3], 0, 2) * 255).astype(np.uint8)


def segment_panel(labels, grey):
    """Segments in colours that follow from their ids alone; 0 stays grey."""
    ids, inverse = np.unique(labels, return_inverse=True)
    colours = np.array([colour(int(label)) for label in ids])
    painted = colours[inverse.reshape(labels.shape)]
    edges = np.zeros(labels.shape, bool)
    edges[1:] |= labels[1:] != labels[:-1]
    edges[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    share = np.where(edges, 0.85, 0.45)[..., None] * (labels != 0)[..., None]
    return (grey * (1 - share) + painted * share).astype(np.uint8)


def colour(label):
    # Multiplied ids of neighbouring numbers land far apart on the circle of hues.
    word = label * 0x9E3779B97F4A7C15 % 2**64
    hue, saturation = (word >> 32) / 2**32, 0.45 + 0.5 * (word >> 16 & 0xFFFF) / 2**16
    return [255 * part for part in colorsys.hsv_to_rgb(hue, saturation, 0.95)]


def enlarged(panel, factor):
    return panel.repeat(factor, axis=0).repeat(factor, axis=1)


def figure(raw, affinities, labels, slices, title):
    depth, height, width = raw.shape
    factor = max(1, round(250 / max(height, width)))
    rows = []
    for z in slices:
        grey = grey_panel(raw[z])
        panels = [grey, affinity_panel(affinities[:, z]), segment_panel(labels[z], grey)]
        rows.append([enlarged(panel, factor) for panel in panels])
    height, width = height * factor, width * factor
    font = ImageFont.load_default(size=14)
    side = 64
    top = MARGIN + HEADER * (2 if title else 1)
    size = (side + 3 * width + 2 * GAP + MARGIN, top + len(rows) * (height + GAP) - GAP + MARGIN)
    picture = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(picture)
    if title:
        draw.text((side, MARGIN + HEADER / 2), title, INK, font, anchor="lm")
    captions = ["grey values", "affinities: z red, y green, x blue", "segments"]
    for column, caption in enumerate(captions):
        place = (side + column * (width + GAP), top - HEADER / 2)
        draw.text(place, caption, INK, font, anchor="lm")
    for row, (z, panels) in enumerate(zip(slices, rows)):
        y = top + row * (height + GAP)
        draw.text((side - 8, y + height / 2), f"z = {z}", INK, font, anchor="rm")
        for column, panel in enumerate(panels):
            picture.paste(Image.fromarray(panel), (side + column * (width + GAP), y))
    return picture


def save(picture, path):
    """Saves with 32 steps of each colour: the eye cannot tell, and noise takes half the bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.point(lambda value: round(value / 255 * 31) * 255 // 31).save(path, optimize=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("project", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    for name in ("raw", "affinities", "segmentation"):
        parser.add_argument(f"--{name}", type=pathlib.Path, help=f"instead of PROJECT/{name}.zarr")
    parser.add_argument("--slices", help="z,z,z (default: a sixth, a half and five sixths)")
    parser.add_argument("--title", default="")
    arguments = parser.parse_args()
    raw, affinities, labels = (
        opened(getattr(arguments, name) or arguments.project / f"{name}.zarr")
        for name in ("raw", "affinities", "segmentation")
    )
    if raw.shape != labels.shape or affinities.shape[1:] != raw.shape:
        parser.error(
            f"shapes differ: raw {raw.shape}, affinities {affinities.shape}, labels {labels.shape}")
    depth = raw.shape[0]
    slices = (
        [int(z) for z in arguments.slices.split(",")] if arguments.slices
        else [depth // 6, depth // 2, depth * 5 // 6]
    )
    save(figure(raw, affinities, labels, slices, arguments.title), arguments.output)
    print(f"{arguments.output}: {arguments.output.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
