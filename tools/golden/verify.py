#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "numpy==2.4.6", "zarr==3.1.6", "tensorstore==0.1.86", "ome-zarr-models==1.7", "h5py==3.16.0",
#   "tifffile==2026.3.3",
# ]
# ///
"""Reads a store we wrote with zarr-python and tensorstore and compares it with its source.

    tools/golden/verify.py STORE [EXPECTED] [--dataset PATH]

STORE is an array, or an OME-Zarr image group: its metadata is then checked by ome-zarr-models and
its level 0 is compared. EXPECTED is a .npy, a .h5/.hdf file (with --dataset), a TIFF, a folder of
TIFFs, or another Zarr array; without it the two readers are compared with each other. Whole levels
are read a slab at a time. Exits with 1 on a mismatch.
"""

import argparse
import json
import sys
from pathlib import Path

# This folder has a file named zarr.py: look for packages elsewhere.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).parent]

import numpy as np
import tensorstore
import zarr

SLAB = 32


class Mismatch(Exception):
    pass


class Stack:
    """A folder of sections as an array of slabs."""

    def __init__(self, folder):
        self.files = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".tif", ".tiff"))

    def __getitem__(self, slab):
        import tifffile

        return np.stack([tifffile.imread(path) for path in self.files[slab]])

    @property
    def shape(self):
        import tifffile

        return (len(self.files), *tifffile.imread(self.files[0]).shape)


def open_expected(path, dataset):
    if path.is_dir():
        return zarr.open_array(path, mode="r") if (path / "zarr.json").exists() else Stack(path)
    if path.suffix == ".npy":
        return np.load(path, mmap_mode="r")
    if path.suffix in (".h5", ".hdf", ".hdf5"):
        import h5py

        return h5py.File(path, "r")[dataset]
    import tifffile

    return tifffile.imread(path) if path.suffix in (".tif", ".tiff") else np.load(path)


def open_tensorstore(path):
    return tensorstore.open(
        {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(path)}}, read=True
    ).result()


def check_group(path):
    """The level paths of a group that ome-zarr-models accepts."""
    from ome_zarr_models.v05 import Image

    group = zarr.open_group(path, mode="r", zarr_format=3)
    image = Image.from_zarr(group)
    levels = image.ome_attributes.multiscales[0].datasets
    return [level.path for level in levels]


def compare(array_path, expected=None):
    ours = zarr.open_array(array_path, mode="r", zarr_format=3)
    other = open_tensorstore(array_path)
    if expected is not None and tuple(expected.shape) != tuple(ours.shape):
        raise Mismatch(f"{array_path}: shape {ours.shape}, expected {tuple(expected.shape)}")
    # Slabs run along z, the third axis from the end.
    axis = len(ours.shape) - 3
    for start in range(0, ours.shape[axis], SLAB):
        slab = (slice(None),) * axis + (slice(start, min(start + SLAB, ours.shape[axis])),)
        first = np.asarray(ours[slab])
        second = np.asarray(other[slab].read().result())
        if not np.array_equal(first, second, equal_nan=first.dtype.kind == "f"):
            raise Mismatch(f"{array_path}: zarr-python and tensorstore differ at z {start}")
        if expected is None:
            continue
        wanted = np.asarray(expected[slab if len(slab) > 1 else slab[0]])
        if not np.array_equal(first, wanted, equal_nan=first.dtype.kind == "f"):
            raise Mismatch(f"{array_path}: {np.sum(first != wanted)} voxels differ from z {start}")
    return ours


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store", type=Path)
    parser.add_argument("expected", type=Path, nargs="?")
    parser.add_argument("--dataset", default="/volumes/labels/neuron_ids")
    arguments = parser.parse_args()
    expected = arguments.expected and open_expected(arguments.expected, arguments.dataset)
    document = json.loads((arguments.store / "zarr.json").read_text())
    paths = [arguments.store]
    if document["node_type"] == "group":
        paths = [arguments.store / path for path in check_group(arguments.store)]
    for index, path in enumerate(paths):
        array = compare(path, expected if index == 0 else None)
        print(f"{path}: {array.shape} {array.dtype} as expected")


if __name__ == "__main__":
    try:
        main()
    except Mismatch as error:
        print(error, file=sys.stderr)
        sys.exit(1)
