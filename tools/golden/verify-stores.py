# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "zarr==3.1.6", "tensorstore==0.1.86", "cloud-volume==12.15.2",
#   "ome-zarr-models==1.7"]
# ///
"""Reads with zarr-python, tensorstore, cloud-volume and ome-zarr-models what the package writes as
OME-Zarr 0.5, OME-Zarr 0.4 and N5.

Run from the package's root after `swift build --build-tests`:
python tools/golden/verify-stores.py [FOLDER]     FOLDER holds what was written before
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

HERE = pathlib.Path(__file__).resolve().parent
# This file lies beside one that is called as the package it uses: look for packages elsewhere.
sys.path = [entry for entry in sys.path if pathlib.Path(entry or ".").resolve() != HERE]

import numpy as np
import ome_zarr_models.v04
import ome_zarr_models.v05
import tensorstore
import zarr

warnings.simplefilter("ignore")
from cloudvolume import CloudVolume  # noqa: E402

TYPES = "uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64".split()
DRIVERS = {"zarr3": "zarr3", "zarr2": "zarr", "n5": "n5"}
SIZES = [(40, 5, 4), (40, 10, 8), (40, 20, 16), (40, 40, 32), (80, 80, 64), (160, 160, 128)]


def check(condition, what):
    if not condition:
        sys.exit(f"verify-stores: {what}")


def values(dtype, shape):
    """As `goldenValue` in Tests/TestSupport; the value of channel c at z is that at z + c."""
    if len(shape) == 4:
        return np.stack([values(dtype, (shape[1] + c, *shape[2:]))[c:] for c in range(shape[0])])
    z, y, x = np.indices(shape)
    value = (7 * z + 3 * y + 5 * x + x * y) % 201
    dtype = np.dtype(dtype)
    if dtype.kind in "if":
        value = value - 100
    if dtype.itemsize > 1:
        value = value * 100 if dtype.itemsize == 2 else value * 1000003
    if dtype.kind == "f":
        value = value / 8
    return value.astype(dtype)


def equal(found, name):
    check((np.asarray(found) == values(found.dtype, found.shape)).all(), f"{name}: values")


def verify(path, store, dtype, channels):
    name = path.name
    levels = sorted(entry.name for entry in path.iterdir() if entry.name.lstrip("s").isdigit())
    check(len(levels) >= 2, f"{name}: levels {levels}")
    for index, level in enumerate(levels):
        opened = tensorstore.open({
            "driver": DRIVERS[store],
            "kvstore": {"driver": "file", "path": f"{path / level}/"}}).result()
        data = opened.read().result()
        check(data.dtype.name == dtype, f"{name}: {data.dtype}")
        if store == "n5":
            data = data.T
            size = [unit.multiplier for unit in opened.dimension_units][2::-1]
            check(tuple(size) == SIZES[index], f"{name}: resolution {size}")
        check(data.ndim == 3 + channels, f"{name}: rank {data.ndim}")
        equal(data, f"{name} by tensorstore")
        if store != "n5":
            array = zarr.open_array(path / level, mode="r")
            check(array.metadata.zarr_format == int(store[-1]), f"{name}: format")
            equal(array[...], f"{name} by zarr-python")
    if store != "n5":
        group = zarr.open_group(path, mode="r")
        models = ome_zarr_models.v04 if store == "zarr2" else ome_zarr_models.v05
        image = models.Image.from_zarr(group)
        attributes = image.attributes if store == "zarr2" else image.ome_attributes
        scales = [dataset.coordinateTransformations[0].scale
                  for dataset in attributes.multiscales[0].datasets]
        check([tuple(scale[-3:]) for scale in scales] == SIZES[:len(scales)], f"{name}: {scales}")
        members = group.attrs.asdict()
        members = members if store == "zarr2" else members["ome"]
        labels = np.dtype(dtype).kind in "iu" and not channels
        check(("image-label" in members) == labels, f"{name}: image-label")
    return verify_cloudvolume(path, store, dtype, channels)


def verify_cloudvolume(path, store, dtype, channels):
    """Whether cloud-volume was asked.

    It knows neither float16 nor chunks of several channels, and takes N5's big-endian values for
    little-endian ones, whoever wrote them.
    """
    if dtype == "float16" or channels or store == "n5" and np.dtype(dtype).itemsize > 1:
        return False
    volume = CloudVolume(
        f"{store}://file://{path}", mip=0, fill_missing=True, progress=False, cache=False)
    check(tuple(volume.resolution) == (4, 5, 40), f"{path.name}: {volume.resolution}")
    data = np.asarray(volume[:, :, :])
    data = data[..., 0].T
    equal(data, f"{path.name} by cloud-volume")
    return True


def main():
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else temporary).resolve()
        if len(sys.argv) == 1:
            subprocess.run(
                ["swift", "test", "--skip-build", "--filter", "WrittenStoresTests"], check=True,
                env=os.environ | {"FASCICLE_WRITTEN": str(folder)}, stdout=subprocess.DEVNULL)
        counts = {}
        for path in sorted(folder.iterdir()):
            store, dtype, *rest = path.name.split("-")
            counts.setdefault(store, [0, 0])
            counts[store][0] += 1
            counts[store][1] += verify(path, store, dtype, bool(rest))
        for store, (count, asked) in counts.items():
            print(f"verify-stores: {store}: {count} images read, {asked} by cloud-volume too")


if __name__ == "__main__":
    main()
