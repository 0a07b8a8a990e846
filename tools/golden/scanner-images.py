# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "nibabel==5.4.2"]
# ///
"""Writes one small image in every format and orientation, with nibabel and MRtrix 3.0.3.

The value of voxel (x, y, z) of volume t is x + 5 y + 20 z + 60 t in the grid of `AFFINE`, wherever
a file puts that voxel. Needs MRtrix 3.0.3's mrconvert. Run from the package's root:
python tools/golden/scanner-images.py
"""

import gzip
import pathlib
import shutil
import struct
import subprocess

import nibabel
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2] / "volumes"
GOLDEN = ROOT / "golden" / "scanner-images"
BAD = ROOT / "bad" / "scanner-images"
SHAPE = (5, 4, 3)
ROTATION = nibabel.eulerangles.euler2mat(0.2, -0.15, 0.1)
AFFINE = np.eye(4)
AFFINE[:3, :3] = ROTATION @ np.diag([2.0, 2.5, 3.0])
AFFINE[:3, 3] = (-20, 13, 7)
STRIDES = {"RAS": "1,2,3", "LAS": "-1,2,3", "LPS": "-1,-2,3", "SRA": "2,3,1", "PSR": "3,-1,2"}
MRTRIX_TYPES = ("uint8 int8 uint16le uint16be int16le int16be uint32le uint32be int32le int32be "
                "uint64le int64be float32le float32be float64le float64be").split()


def values(volumes):
    x, y, z, t = np.indices(SHAPE + (volumes,))
    return x + 5 * y + 20 * z + 60 * t


def mrconvert(*arguments):
    # Run where the files are: the command is recorded in what it writes.
    names = [argument.name if isinstance(argument, pathlib.Path) else argument
             for argument in arguments]
    subprocess.run(["mrconvert", "-quiet", "-force", *names], check=True, cwd=GOLDEN)


def golden():
    one, two = values(1)[..., 0], values(2)
    image = nibabel.Nifti1Image(two.astype(np.int16), AFFINE)
    image.set_sform(AFFINE, 1)
    image.set_qform(AFFINE, 1)
    base = GOLDEN / "two.nii"
    nibabel.save(image, base)
    nibabel.save(nibabel.Nifti2Image(two.astype(np.float64), AFFINE), GOLDEN / "two-2.nii.gz")
    nibabel.save(nibabel.Nifti1Pair(two.astype(np.uint8), AFFINE), GOLDEN / "two-pair.img")
    vectors = nibabel.Nifti1Image(two.astype(np.float32)[:, :, :, None], AFFINE)
    nibabel.save(vectors, GOLDEN / "two-fifth-axis.nii.gz")
    only = nibabel.Nifti1Image(one.astype(np.uint16), None)
    only.set_qform(AFFINE, 1)
    only.set_sform(None, 0)
    nibabel.save(only, GOLDEN / "one-qform.nii.gz")
    scaled = bytearray((GOLDEN / "two.nii").read_bytes())
    # Stored values v stand for 0.5 v - 3: stores 2 v + 6.
    scaled[112:120] = struct.pack("<ff", 0.5, -3)
    scaled[352:] = (2 * two + 6).astype("<i2").tobytes(order="F")
    (GOLDEN / "two-scaled.nii").write_bytes(scaled)
    nibabel.save(nibabel.MGHImage(one.astype(np.int32), AFFINE), GOLDEN / "one.mgz")
    nibabel.save(nibabel.MGHImage(two.astype(np.float32), AFFINE), GOLDEN / "two.mgh")
    for name, strides in STRIDES.items():
        mrconvert(base, "-strides", strides + ",4", GOLDEN / f"two-{name}.mif")
        mrconvert(base, "-strides", strides + ",4", GOLDEN / f"two-{name}.nii.gz")
    mrconvert(base, "-strides", "-2,-3,-4,1", GOLDEN / "two-volumes-first.mif.gz")
    mrconvert(base, "-strides", "3,2,1,-4", "-datatype", "float32be", GOLDEN / "two-beside.mih")
    for kind in MRTRIX_TYPES:
        mrconvert(base, "-datatype", kind, GOLDEN / f"two-{kind}.mif")
    # Bit images hold whether the value is odd.
    odd = nibabel.Nifti1Image((two % 2).astype(np.uint8), AFFINE)
    nibabel.save(odd, GOLDEN / "odd.nii.gz")
    for name, strides in STRIDES.items():
        mrconvert(GOLDEN / "odd.nii.gz", "-datatype", "bit", "-strides", strides + ",4",
                  GOLDEN / f"odd-{name}.mif")


def bad():
    sound = (GOLDEN / "two-RAS.mif").read_bytes()

    def changed(name, old, new):
        assert old in sound, old
        (BAD / name).write_bytes(sound.replace(old, new))

    (BAD / "empty.mif").write_bytes(b"")
    (BAD / "text.mif").write_bytes(b"no image\n")
    (BAD / "no-end.mif").write_bytes(sound[:60])
    (BAD / "values-cut.mif").write_bytes(sound[:-10])
    (BAD / "values-cut.mif.gz").write_bytes(gzip.compress(sound[:-10], mtime=0))
    (BAD / "packed-cut.mif.gz").write_bytes(gzip.compress(sound, mtime=0)[:-30])
    changed("dim-0.mif", b"dim: 5,4,3,2", b"dim: 5,0,3,2")
    changed("dim-huge.mif", b"dim: 5,4,3,2", b"dim: 500000000,400000000,3,2000000000")
    changed("dim-text.mif", b"dim: 5,4,3,2", b"dim: 5,x,3,2")
    changed("layout-twice.mif", b"layout: +0,+1,+2,+3", b"layout: +0,+1,+1,+3")
    changed("layout-short.mif", b"layout: +0,+1,+2,+3", b"layout: +0,+1,+2")
    changed("type.mif", b"datatype: Int16LE", b"datatype: CFloat32LE")
    changed("file.mif", b"file: . ", b"elif: . ")
    changed("offset.mif", b"file: . ", b"file: . -")
    changed("elsewhere.mif", b"file: . ", b"file: nothere.dat ")
    (BAD / "transform.mif").write_bytes(
        b"\n".join(b"transform: 0,0,0,0" if line.startswith(b"transform") else line
                   for line in sound.split(b"\nEND\n")[0].split(b"\n")) + b"\nEND\n"
        + bytes(400))
    mgh = (GOLDEN / "two.mgh").read_bytes()
    (BAD / "cut.mgh").write_bytes(mgh[:200])
    (BAD / "values-cut.mgh").write_bytes(mgh[:-100])
    (BAD / "version.mgh").write_bytes(b"\0\0\0\7" + mgh[4:])
    (BAD / "type.mgh").write_bytes(mgh[:20] + b"\0\0\0\2" + mgh[24:])
    (BAD / "length.mgh").write_bytes(mgh[:4] + b"\xff\xff\xff\xff" + mgh[8:])
    one = values(1)[..., 0].astype(np.float32)
    for name, value in {"half": 1.5, "negative": -1, "nan": np.nan, "large": 2.0**32}.items():
        labels = one.copy()
        labels[2, 1, 1] = value
        nibabel.save(nibabel.Nifti1Image(labels, AFFINE), BAD / f"label-{name}.nii.gz")
    differing = nibabel.Nifti1Image(one, AFFINE)
    differing.set_sform(AFFINE, 1)
    moved = AFFINE.copy()
    moved[0, 3] += 5
    differing.set_qform(moved, 1)
    nibabel.save(differing, BAD / "forms-differ.nii.gz")
    neither = nibabel.Nifti1Image(one, None)
    neither.header.set_zooms((2, 2.5, 3))
    neither.set_sform(None, 0)
    neither.set_qform(None, 0)
    nibabel.save(neither, BAD / "no-form.nii.gz")


if __name__ == "__main__":
    for folder in (GOLDEN, BAD):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    golden()
    bad()
