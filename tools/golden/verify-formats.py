# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "tifffile==2026.3.3", "imagecodecs==2026.3.6", "h5py==3.16.0",
#   "pillow==13.0.0"]
# ///
"""Reads with tifffile, pillow and h5py what the package writes as TIFF, PNG and HDF5.

Run from the package's root after `swift build --build-tests`:
python tools/golden/verify-formats.py
"""

import os
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np
import tifffile
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from hdf5 import values  # noqa: E402

SHAPE = (3, 300, 270)
TYPES = "uint8 uint16 uint32 uint64 int8 int16 int32 int64 float32 float64".split()


def check(condition, what):
    if not condition:
        sys.exit(f"verify-formats: {what}")


def verify_tiff(path, dtype, predictor):
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        check(len(file.pages) == SHAPE[0], f"{path.name}: {len(file.pages)} pages")
        check(page.tilewidth == 256 and page.compression == 8, f"{path.name}: layout")
        check(page.predictor == predictor, f"{path.name}: predictor {page.predictor}")
        check(file.imagej_metadata["spacing"] == 40 and file.imagej_metadata["unit"] == "nm",
              f"{path.name}: spacing")
        resolution = page.get_resolution()
        check(np.allclose(resolution, (1 / 4, 1 / 5)), f"{path.name}: resolution {resolution}")
        data = np.stack([page.asarray() for page in file.pages])
        series = file.asarray()
    check(data.dtype == dtype and (data == values(dtype, SHAPE)).all(), f"{path.name}: values")
    check((series == data).all(), f"{path.name}: series")


def expected_channels(dtype, count):
    z, y, x = SHAPE
    return np.stack([values(dtype, (z + channel, y, x))[channel:] for channel in range(count)])


def verify_sections(folder):
    expected = expected_channels("uint16", 3)
    for name, axes in (("channels", "ZCYX"), ("times", "ZTYX")):
        with tifffile.TiffFile(folder / f"{name}.tif") as file:
            series = file.series[0]
            check(file.is_ome and series.axes == axes, f"{name}: axes {series.axes}")
            check((series.asarray() == expected.swapaxes(0, 1)).all(), f"{name}: values")
            check("PhysicalSizeZ=\"40.0\"" in file.ome_metadata, f"{name}: voxel size")
    for number, plane in enumerate(values("uint16", SHAPE)):
        for name in (f"section_{number:03d}.tif", f"grey_{number:03d}.png"):
            with Image.open(folder / name) as image:
                check((np.asarray(image) == plane).all(), f"{name}: values by pillow")
        tiff = tifffile.imread(folder / f"section_{number:03d}.tif")
        check((tiff == plane).all(), f"section {number}: values by tifffile")
    data = values("uint8", SHAPE)
    with Image.open(folder / "image.png") as image:
        picture = np.asarray(image)
    check(picture.shape == (601, 541), f"image.png: {picture.shape}")
    for number, plane in enumerate(data):
        top, left = number // 2 * 301, number % 2 * 271
        check((picture[top : top + 300, left : left + 270] == plane).all(), "image.png: values")
    with Image.open(folder / "labels.png") as image:
        picture = np.asarray(image)
    colours = {}
    for number, plane in enumerate(data):
        top, left = number // 2 * 301, number % 2 * 271
        part = picture[top : top + 300, left : left + 270]
        for label in np.unique(plane):
            found = np.unique(part[plane == label], axis=0)
            check(len(found) == 1, f"labels.png: label {label} has {len(found)} colours")
            known = colours.setdefault(label, tuple(found[0]))
            check(known == tuple(found[0]), f"labels.png: label {label} changes its colour")
    check(colours[0] == (0, 0, 0), "labels.png: label 0")


def verify_hdf5(path, dtype):
    with h5py.File(path) as file:
        check(file.attrs["file_format"] == "0.2", f"{path.name}: file_format")
        raw, main = file["volumes/raw"], file["main"]
        check(raw.compression == "gzip" and raw.chunks == (3, 64, 64), f"{path.name}: layout")
        check(main.chunks == (1, 3, 64, 64), f"{path.name}: chunks of channels")
        for dataset in (raw, main):
            check((dataset.attrs["resolution"] == (40, 5, 4)).all(), f"{path.name}: resolution")
            check((dataset.attrs["offset"] == (80, 15, 16)).all(), f"{path.name}: offset")
            check(dataset.dtype == dtype, f"{path.name}: type {dataset.dtype}")
        check((raw[:] == values(dtype, SHAPE)).all(), f"{path.name}: values")
        z, y, x = SHAPE
        for channel in range(3):
            expected = values(dtype, (z + channel, y, x))[channel:]
            check((main[channel] == expected).all(), f"{path.name}: channel {channel}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["swift", "test", "--skip-build", "--filter", "WrittenFilesTests"], check=True,
            env=os.environ | {"FASCICLE_WRITTEN": folder}, stdout=subprocess.DEVNULL)
        folder = pathlib.Path(folder)
        for dtype in TYPES:
            if np.dtype(dtype).itemsize <= 4:
                predictor = 3 if dtype == "float32" else 2
                verify_tiff(folder / f"{dtype}-image.tif", dtype, predictor)
                verify_tiff(folder / f"{dtype}-labels.tif", dtype, 1)
            verify_hdf5(folder / f"{dtype}.h5", dtype)
        verify_tiff(folder / "large.tif", "float32", 3)
        with tifffile.TiffFile(folder / "large.tif") as file:
            check(file.is_bigtiff, "large.tif: not a BigTIFF")
        verify_sections(folder)
    print(f"verify-formats: h5py, pillow and tifffile read all of {len(TYPES)} types")


if __name__ == "__main__":
    main()
