# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "nibabel==5.4.2", "pynrrd==1.1.3", "h5py==3.16.0"]
# ///
"""Reads with nibabel, pynrrd and NumPy what the package writes as NIfTI, NRRD and .npy.

Run from the package's root after `swift build --build-tests`:
python tools/golden/verify-files.py
"""

import importlib
import os
import pathlib
import subprocess
import sys
import tempfile

import nibabel
import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
# A script beside this one has the name of the package that is asked.
sys.path = [folder for folder in sys.path if pathlib.Path(folder or ".").resolve() != HERE]
nrrd = importlib.import_module("nrrd")
sys.path.append(str(HERE))
from hdf5 import SHAPE, channels  # noqa: E402

TYPES = "uint8 uint16 uint32 uint64 int8 int16 int32 int64 float32 float64".split()


def check(condition, what):
    if not condition:
        sys.exit(f"verify-files: {what}")


def verify(folder, dtype, count, times, kind):
    name = f"{dtype}-{count}-{times}-{kind}"
    # Axes t, c, z, y, x.
    expected = channels(dtype, count * times).reshape(times, count, *SHAPE)
    for ending in (".nii", ".nii.gz"):
        image = nibabel.load(folder / f"{name}{ending}")
        data = np.asanyarray(image.dataobj)
        check(data.dtype == dtype, f"{name}{ending}: type {data.dtype}")
        # x, y, z, then time, then channels.
        given = data.T if data.ndim == 5 else data.T.reshape(count, times, *SHAPE)
        check((given.transpose(1, 0, 2, 3, 4) == expected).all(), f"{name}{ending}: values")
        check(np.allclose(image.header.get_zooms()[:3], (0.004, 0.005, 0.04)), f"{name}: zooms")
        check(image.header.get_xyzt_units()[0] == "micron", f"{name}{ending}: unit")
        affine = np.diag([0.004, 0.005, 0.04, 1])
        affine[:3, 3] = (0.016, 0.015, 0.08)
        for matrix in (image.affine, image.get_qform(), image.get_sform()):
            check(np.allclose(matrix, affine), f"{name}{ending}: affine {matrix}")
    data, header = nrrd.read(str(folder / f"{name}.nrrd"), index_order="C")
    check(data.dtype == dtype and (data.reshape(expected.shape) == expected).all(), f"{name}.nrrd")
    check(header["encoding"] == ("gzip" if kind == "labels" else "raw"), f"{name}.nrrd: encoding")
    check(np.allclose(header["space directions"][:3], np.diag([4, 5, 40])), f"{name}.nrrd: steps")
    check(np.allclose(header["space origin"], (16, 15, 80)), f"{name}.nrrd: origin")
    check(header["space units"] == ["nm"] * 3, f"{name}.nrrd: {header['space units']}")
    data = np.load(folder / f"{name}.npy", allow_pickle=False)
    check(data.dtype == dtype and (data.reshape(expected.shape) == expected).all(), f"{name}.npy")


def main():
    cases = [(1, 1), (3, 1), (2, 3)]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["swift", "test", "--skip-build", "--filter", "WrittenDenseFilesTests"], check=True,
            env=os.environ | {"FASCICLE_WRITTEN": folder}, stdout=subprocess.DEVNULL)
        for dtype in TYPES:
            for count, times in cases:
                for kind in ("image", "labels"):
                    verify(pathlib.Path(folder), dtype, count, times, kind)
    print(f"verify-files: nibabel, pynrrd and NumPy read all of {len(TYPES) * len(cases) * 2 * 4}")


if __name__ == "__main__":
    main()
