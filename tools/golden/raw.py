# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6"]
# ///
"""Writes small .npy files with NumPy, sound ones and bad ones.

Every sound file holds the same values, by the formula in `hdf5.values`. Run from the package's
root: python tools/golden/raw.py
"""

import pathlib
import shutil
import struct
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from hdf5 import channels, values  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2] / "volumes"
GOLDEN = ROOT / "golden" / "numpy-2.4.6" / "npy"
BAD = ROOT / "bad" / "raw"
TYPES = "uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64".split()


def golden():
    for dtype in TYPES:
        for order, letter in (("<", "le"), (">", "be")):
            stored = values(dtype).astype(np.dtype(dtype).newbyteorder(order))
            np.save(GOLDEN / f"{dtype}-{letter}.npy", stored)
            np.save(GOLDEN / f"{dtype}-{letter}-fortran.npy", np.asfortranarray(stored))
    np.save(GOLDEN / "czyx.npy", channels("uint16", 3))
    np.save(GOLDEN / "zyxc.npy", np.ascontiguousarray(np.moveaxis(channels("uint16", 3), 0, -1)))
    for version in (2, 3):
        with open(GOLDEN / f"version-{version}.npy", "wb") as file:
            np.lib.format.write_array(file, values("uint16"), version=(version, 0))


def bad():
    sound = (GOLDEN / "uint16-le.npy").read_bytes()
    values_only = sound[128:]

    def write(name, data):
        (BAD / name).write_bytes(data)

    def header(name, text, data=values_only, version=1):
        text = text.encode() + b"\n"
        count = struct.pack("<H" if version == 1 else "<I", len(text))
        write(name, b"\x93NUMPY" + bytes([version, 0]) + count + text + data)

    def described(name, descr="'<u2'", order="False", shape="(3, 29, 35)", data=values_only):
        header(name, f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}", data)

    write("empty.npy", b"")
    write("text.npy", b"this is no volume\n")
    write("header-cut.npy", sound[:60])
    write("values-cut.npy", sound[:-1])
    write("longer.npy", sound + b"\0")
    write("version-9.npy", sound[:6] + b"\x09\x00" + sound[8:])
    write("header-length.npy", sound[:6] + b"\x02\x00\xff\xff\xff\xff" + sound[12:])
    for shape, name in (("()", "rank-0"), ("(3045,)", "rank-1"), ("(1, 1, 1, 3, 29, 35)", "rank-6"),
                        ("(3, -29, 35)", "negative"), ("(0, 29, 35)", "zero"),
                        (f"({2**40}, {2**40}, {2**40})", "overflow"), (f"({2**63}, 1, 1)", "huge"),
                        ("(3, 29, 36)", "larger"), ("(3, 29, x)", "word"), ("(3, 29", "open")):
        described(f"shape-{name}.npy", shape=shape)
    for descr, name in (("'|b1'", "truth"), ("'<c8'", "complex"),
                        ("'|O'", "objects"), ("'<U3'", "text"), ("[('a', '<u2')]", "records"),
                        ("'<u3'", "odd"), ("7", "number")):
        described(f"type-{name}.npy", descr=descr)
    described("order.npy", order="Maybe")
    header("no-shape.npy", "{'descr': '<u2', 'fortran_order': False}")
    header("code.npy", "__import__('os').system('true')")


if __name__ == "__main__":
    for folder in (GOLDEN, BAD):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    golden()
    bad()
