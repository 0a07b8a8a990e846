# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "nibabel==5.4.2"]
# ///
"""Writes small NIfTI files with nibabel, sound ones and bad ones.

Every sound file holds the same values, by the formula in `hdf5.values`, unless it is scaled. Run
from the package's root: python tools/golden/nifti.py
"""

import gzip
import pathlib
import shutil
import struct
import sys

import nibabel
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from hdf5 import channels, values  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2] / "volumes"
GOLDEN = ROOT / "golden" / "nibabel-5.4.2"
BAD = ROOT / "bad" / "nifti"
TYPES = "uint8 uint16 uint32 uint64 int8 int16 int32 int64 float32 float64".split()
AFFINE = np.array([[0.004, 0, 0, 0.016], [0, 0.005, 0, 0.015], [0, 0, 0.04, 0.08], [0, 0, 0, 1]])


def image(data, kind=nibabel.Nifti1Image, affine=AFFINE, order="<", units=("micron", "sec")):
    """An image of an array whose axes are slowest first."""
    header = kind.header_class(endianness=order)
    header.set_data_dtype(data.dtype.newbyteorder(order))
    result = kind(np.ascontiguousarray(data).T, affine, header)
    if affine is not None:
        result.set_qform(affine, 1)
        result.set_sform(affine, 1)
    if units:
        result.header.set_xyzt_units(*units)
    return result


def golden():
    for dtype in TYPES:
        for order, letter in (("<", "le"), (">", "be")):
            one = image(values(dtype), order=order)
            nibabel.save(one, GOLDEN / f"{dtype}-{letter}.nii")
            two = image(values(dtype), nibabel.Nifti2Image, order=order)
            nibabel.save(two, GOLDEN / f"{dtype}-{letter}-2.nii.gz")
    nibabel.save(image(values("uint16"), nibabel.Nifti1Pair), GOLDEN / "pair.img")
    nibabel.save(image(channels("int16", 3)[:, None]), GOLDEN / "channels.nii")
    nibabel.save(image(channels("int16", 3)), GOLDEN / "times.nii.gz")
    # Two channels of three times: dim 4 is time, dim 5 the channels.
    both = channels("int16", 6).reshape(3, 2, 3, 29, 35).transpose(1, 0, 2, 3, 4)
    nibabel.save(image(both), GOLDEN / "channels-of-times.nii")
    turned = AFFINE.copy()
    turned[0, 0] *= -1
    nibabel.save(image(values("uint8"), affine=turned), GOLDEN / "mirrored.nii")
    nibabel.save(image(values("uint8"), units=None), GOLDEN / "no-unit.nii")
    scaled = image(values("int16"))
    scaled.header.set_slope_inter(0.5, 10)
    path = GOLDEN / "scaled.nii"
    nibabel.save(image(values("int16")), path)
    data = bytearray(path.read_bytes())
    data[112:120] = struct.pack("<ff", 0.5, 10)
    path.write_bytes(data)
    angle = nibabel.eulerangles.euler2mat(0.3, -0.2, 0.7) @ np.diag([1.5, 2, 2.5])
    oblique = np.eye(4)
    oblique[:3, :3] = angle
    oblique[:3, 3] = (-90, -126, -72)
    only = nibabel.Nifti1Image(values("uint8").T, None)
    only.set_qform(oblique, 1)
    only.header.set_xyzt_units("mm")
    nibabel.save(only, GOLDEN / "oblique-qform.nii")
    (GOLDEN / "oblique-qform.txt").write_text(
        "\n".join(" ".join(repr(float(v)) for v in row) for row in only.get_qform()[:3]) + "\n")


def bad():
    sound = (GOLDEN / "uint16-le.nii").read_bytes()
    packed = gzip.compress(sound, mtime=0)

    def write(name, data):
        (BAD / name).write_bytes(bytes(data))

    def patched(name, offset, form, *numbers, source=sound):
        data = bytearray(source)
        data[offset:offset + struct.calcsize(form)] = struct.pack(form, *numbers)
        write(name, data)

    write("empty.nii", b"")
    write("text.nii", b"this is no volume\n" * 40)
    write("header-cut.nii", sound[:200])
    write("values-cut.nii", sound[:2000])
    patched("magic.nii", 344, "4s", b"n+7\0")
    patched("analyze.hdr", 344, "4s", b"\0\0\0\0", source=sound[:348])
    patched("no-image.hdr", 344, "4s", b"ni1\0", source=sound[:348])
    for name, numbers in {
            "rank-0": (0, 1, 1, 1), "rank-8": (8, 1, 1, 1), "length-0": (3, 0, 29, 3),
            "length-negative": (3, 35, -1, 3), "longer": (3, 35, 29, 32767)}.items():
        patched(f"{name}.nii", 40, "<4h", *numbers)
    patched("overflow.nii", 40, "<8h", 7, *[32767] * 7)
    patched("six-axes.nii", 40, "<8h", 6, 5, 7, 3, 1, 1, 29, 1)
    for name, code in {"bits": 1, "complex64": 32, "rgb": 128, "float128": 1536,
                       "complex128": 1792, "rgba": 2304, "type-0": 0, "type-9": 9}.items():
        patched(f"{name}.nii", 70, "<h", code)
    patched("distance-nan.nii", 80, "<f", float("nan"))
    patched("distance-infinite.nii", 84, "<f", float("inf"))
    for name, offset in {"within-header": 100, "negative": -352, "beyond": 1e9, "nan": float("nan"),
                         "huge": 1e30, "half": 352.5}.items():
        patched(f"offset-{name}.nii", 108, "<f", offset)
    patched("scaling-nan.nii", 112, "<ff", 2, float("nan"))
    second = gzip.decompress((GOLDEN / "uint16-le-2.nii.gz").read_bytes())
    patched("overflow-2.nii", 16, "<4q", 3, 2**40, 2**40, 2**40, source=second)
    patched("length-2-63.nii", 16, "<4q", 3, 2**63 - 1, 1, 1, source=second)
    barely = bytearray(second)
    barely[16:48] = struct.pack("<4q", 3, 2**15, 2**24 - 1, 2**24 + 1)
    barely[12:14] = struct.pack("<h", 2)
    write("barely-countable.nii", barely)
    write("barely-countable.nii.gz", gzip.compress(bytes(barely), mtime=0))
    patched("offset-2-62.nii", 168, "<q", 2**62, source=second)
    write("cut.nii.gz", packed[:len(packed) * 2 // 3])
    write("cut-trailer.nii.gz", packed[:-4])
    write("no-gzip.nii.gz", packed[:2] + b"\xff" * 300)
    for name, place in {"checksum": -8, "length": -4, "flipped": -2000}.items():
        data = bytearray(packed)
        data[place] ^= 0x10
        write(f"wrong-{name}.nii.gz", data)
    write("shorter.nii.gz", gzip.compress(sound[:3000], mtime=0))
    write("bomb.nii.gz", gzip.compress(sound + bytes(64 << 20), 9, mtime=0))
    write("trailing.nii.gz", packed + b"no member")


if __name__ == "__main__":
    for folder in (GOLDEN, BAD):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    golden()
    bad()
