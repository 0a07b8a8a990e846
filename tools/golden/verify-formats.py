# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "tifffile==2026.3.3", "imagecodecs==2026.3.6", "h5py==3.16.0"]
# ///
"""Reads with tifffile and h5py what the package writes as TIFF and HDF5.

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
    print(f"verify-formats: h5py and tifffile read all of {len(TYPES)} types")


if __name__ == "__main__":
    main()
