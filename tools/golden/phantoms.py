# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "h5py==3.16.0", "tifffile==2026.3.3", "imagecodecs==2026.3.6", "zarr==3.1.6"]
# ///
"""Makes volumes/phantoms/sample from what `emseg phantom` writes.

    swift build -c release
    uv run tools/golden/phantoms.py --emseg .build/release/emseg

Written by tifffile and h5py, so that the demo reads files that our own code did not write.
"""

import argparse
import hashlib
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.pop(0)  # This folder's scripts are named like the packages they use.
import h5py  # noqa: E402
import numpy as np  # noqa: E402
import tifffile  # noqa: E402
import zarr  # noqa: E402

SEED = 23
EXTENT = (64, 128, 128)
SAMPLE = pathlib.Path(__file__).parents[2] / "volumes/phantoms/sample"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--emseg", default="emseg", help="the tool that makes phantoms")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        image, labels = folder / "image.zarr", folder / "labels.zarr"
        subprocess.run(
            [parser.parse_args().emseg, "phantom", "--extent", ",".join(map(str, EXTENT)),
             "--seed", str(SEED), "--output", image, "--labels", labels], check=True)
        read = lambda path: np.asarray(zarr.open_group(path, mode="r")["0"][:])
        write(read(image), read(labels))


def write(image, labels):
    """Writes a TIFF stack of grey values and a CREMI-like HDF5 file of labels, (z, y, x)."""
    assert image.shape == labels.shape == EXTENT
    assert image.dtype == np.uint8 and labels.dtype == np.uint64
    shutil.rmtree(SAMPLE, ignore_errors=True)
    (SAMPLE / "gray").mkdir(parents=True)
    for z, section in enumerate(image):
        tifffile.imwrite(
            SAMPLE / "gray" / f"{z:04d}.tif", section, compression="zlib", predictor=True,
            metadata=None, software=False)
    with h5py.File(SAMPLE / "labels.h5", "w", track_order=False) as file:
        dataset = file.create_dataset(
            "volumes/labels/neuron_ids", data=labels, chunks=(32, 64, 64), compression="gzip",
            compression_opts=9, track_times=False)
        dataset.attrs["resolution"] = np.array([10.0, 10.0, 10.0])
        dataset.attrs["offset"] = np.array([0.0, 0.0, 0.0])
    for name, data in (("gray", image), ("labels", labels.astype("<u8"))):
        print(name, hashlib.sha256(data.tobytes()).hexdigest())
    for path in sorted(SAMPLE.rglob("*.*")):
        print(hashlib.sha256(path.read_bytes()).hexdigest(), path.relative_to(SAMPLE))


if __name__ == "__main__":
    main()
