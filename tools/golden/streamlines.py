# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "nibabel==5.4.2", "trx-python==0.3"]
# ///
"""Writes small tractograms with nibabel and trx-python, and reads those that tracts has written.

Run from the package's root: python tools/golden/streamlines.py
To read what tracts has written: python tools/golden/streamlines.py verify FOLDER
where FOLDER holds written.tck, written.trk and written.trx made by `tracts convert` of golden.trk.
"""

import json
import pathlib
import struct
import sys
import zipfile

import nibabel
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2] / "volumes"
GOLDEN = ROOT / "golden" / "nibabel-5.4.2" / "streamlines"
BAD = ROOT / "bad" / "streamlines"
AFFINE = np.array([[0, 0, 2.0, -9], [-1.5, 0, 0, 12], [0, 2.5, 0, -3], [0, 0, 0, 1]])
SHAPE = (20, 18, 16)


def lines():
    generator = np.random.default_rng(3)
    counts = [7, 1, 12, 2, 30]
    starts = generator.random((len(counts), 3)) * 20
    return [
        (start + np.cumsum(generator.normal(size=(count, 3)), 0)).astype(np.float32)
        for start, count in zip(starts, counts)
    ]


def tractogram():
    data = lines()
    return nibabel.streamlines.Tractogram(
        data,
        data_per_streamline={"seed": np.arange(15).reshape(5, 3) / 4, "weight": np.arange(5) / 2},
        data_per_point={"fa": [np.arange(len(line))[:, None] / 8 for line in data]},
        affine_to_rasmm=np.eye(4))


def write():
    GOLDEN.mkdir(parents=True, exist_ok=True)
    BAD.mkdir(parents=True, exist_ok=True)
    np.savetxt(GOLDEN / "points.txt", np.concatenate(lines()), fmt="%.9g")
    image = nibabel.Nifti1Image(np.zeros(SHAPE, np.uint8), AFFINE)
    header = {
        nibabel.streamlines.Field.VOXEL_TO_RASMM: AFFINE,
        nibabel.streamlines.Field.VOXEL_SIZES: image.header.get_zooms(),
        nibabel.streamlines.Field.DIMENSIONS: SHAPE,
        nibabel.streamlines.Field.VOXEL_ORDER: "".join(nibabel.aff2axcodes(AFFINE)),
    }
    nibabel.streamlines.save(tractogram(), str(GOLDEN / "golden.trk"), header=header)
    # Flipped axes only: of permutations of three axes nibabel takes the inverse.
    flipped = np.array([[-2.0, 0, 0, 30], [0, 1.5, 0, -4], [0, 0, 2.5, -3], [0, 0, 0, 1]])
    header[nibabel.streamlines.Field.VOXEL_TO_RASMM] = flipped
    header[nibabel.streamlines.Field.VOXEL_SIZES] = (2, 1.5, 2.5)
    header[nibabel.streamlines.Field.VOXEL_ORDER] = "RPS"
    nibabel.streamlines.save(tractogram(), str(GOLDEN / "turned.trk"), header=header)
    nibabel.streamlines.save(tractogram(), str(GOLDEN / "golden.tck"))
    read = nibabel.streamlines.load(GOLDEN / "turned.trk").streamlines
    np.savetxt(GOLDEN / "turned.txt", np.concatenate(list(read)), fmt="%.9g")
    trk = (GOLDEN / "golden.trk").read_bytes()
    tck = (GOLDEN / "golden.tck").read_bytes()
    offset = int(tck.split(b"file: . ")[1].split(b"\n")[0])
    values = np.frombuffer(tck[offset:], "<f4")
    for name in ("Float32BE", "Float64LE", "Float64BE"):
        kind = (">" if name.endswith("BE") else "<") + ("f8" if "64" in name else "f4")
        text = tck[:offset].replace(b"Float32LE", name.encode())
        (GOLDEN / f"{name}.tck").write_bytes(text + values.astype(kind).tobytes())
    # Faults, one each.
    (BAD / "cut.tck").write_bytes(tck[:-100])
    (BAD / "no-data.tck").write_bytes(tck[: offset - 4])
    (BAD / "no-end.tck").write_bytes(tck[:40])
    (BAD / "unknown-type.tck").write_bytes(tck.replace(b"Float32LE", b"Float16LE"))
    (BAD / "cut.trk").write_bytes(trk[:-40])
    (BAD / "cut-header.trk").write_bytes(trk[:500])
    (BAD / "negative-count.trk").write_bytes(trk[:1000] + struct.pack("<i", -3) + trk[1004:])
    (BAD / "huge-count.trk").write_bytes(trk[:1000] + struct.pack("<i", 2**31 - 1) + trk[1004:])
    points = np.concatenate(lines())
    ends = np.cumsum([0] + [len(line) for line in lines()])
    document = {
        "DIMENSIONS": SHAPE, "VOXEL_TO_RASMM": AFFINE.tolist(), "NB_VERTICES": len(points),
        "NB_STREAMLINES": 5}

    def trx(path, offsets, kind="float32", compression=zipfile.ZIP_STORED, change=None):
        with zipfile.ZipFile(path, "w", compression) as archive:
            entries = {
                "header.json": json.dumps(document | (change or {})).encode(),
                f"positions.3.{kind}": points.astype(kind).tobytes(),
                f"offsets.{offsets.dtype}": offsets.tobytes(),
                "dps/weight.float32": (np.arange(5) / 2).astype("<f4").tobytes(),
                "dpv/fa  .float16": np.arange(len(points)).astype("<f2").tobytes(),
                "groups/odd.uint32": np.array([1, 3], "<u4").tobytes(),
            }
            for entry, content in entries.items():
                archive.writestr(zipfile.ZipInfo(entry, (1980, 1, 1, 0, 0, 0)), content, compression)

    trx(GOLDEN / "stored.trx", ends.astype("uint64"))
    trx(GOLDEN / "deflated.trx", ends[:-1].astype("uint32"), "float64", zipfile.ZIP_DEFLATED)
    trx(GOLDEN / "half.trx", ends.astype("uint32"), "float16")
    trx(BAD / "vertices.trx", ends.astype("uint64"), change={"NB_VERTICES": 10**15})
    trx(BAD / "streamlines.trx", ends.astype("uint64"), change={"NB_STREAMLINES": 9})
    trx(BAD / "offsets.trx", ends[::-1].astype("uint64").copy())
    (BAD / "cut.trx").write_bytes((GOLDEN / "stored.trx").read_bytes()[:700])
    (BAD / "not-a-zip.trx").write_bytes(b"PK\x03\x04 and nothing else")
    connections = np.concatenate([np.r_[e - s, np.arange(s, e)] for s, e in zip(ends, ends[1:])])
    start = b"# vtk DataFile Version 3.0\nlines SPACE=RAS\nBINARY\nDATASET POLYDATA\n"
    (GOLDEN / "golden.vtk").write_bytes(
        start + b"POINTS %d float\n" % len(points) + points.astype(">f4").tobytes()
        + b"\nLINES 5 %d\n" % len(connections) + connections.astype(">i4").tobytes() + b"\n")
    (GOLDEN / "version5.vtk").write_bytes(
        start.replace(b"3.0", b"5.1") + b"POINTS %d double\n" % len(points)
        + points.astype(">f8").tobytes() + b"\nLINES 6 %d\nOFFSETS vtktypeint64\n" % len(points)
        + ends.astype(">i8").tobytes() + b"\nCONNECTIVITY vtktypeint64\n"
        + np.arange(len(points)).astype(">i8").tobytes() + b"\n")
    text = "\n".join(" ".join(f"{-x if i < 2 else x:.9g}" for i, x in enumerate(p)) for p in points)
    lists = "\n".join(f"{e - s} " + " ".join(map(str, range(s, e))) for s, e in zip(ends, ends[1:]))
    (GOLDEN / "text.vtk").write_text(
        "# vtk DataFile Version 3.0\nSPACE=LPS\nASCII\nDATASET POLYDATA\n"
        f"POINTS {len(points)} float\n{text}\nLINES 5 {len(connections)}\n{lists}\n")
    (BAD / "cut.vtk").write_bytes((GOLDEN / "golden.vtk").read_bytes()[:-60])


def verify(folder):
    from trx.trx_file_memmap import load

    folder = pathlib.Path(folder)
    expected = np.concatenate(lines())
    for name in ("written.tck", "written.trk"):
        found = nibabel.streamlines.load(folder / name)
        assert len(found.streamlines) == 5, name
        assert np.abs(np.concatenate(list(found.streamlines)) - expected).max() < 1e-5, name
    found = nibabel.streamlines.load(folder / "written.trk").tractogram
    assert np.allclose(found.data_per_streamline["seed"], np.arange(15).reshape(5, 3) / 4)
    assert np.allclose(np.concatenate(list(found.data_per_point["fa"]))[:7, 0], np.arange(7) / 8)
    trx = load(str(folder / "written.trx"))
    assert len(trx.streamlines) == 5
    assert np.abs(np.concatenate([np.asarray(s) for s in trx.streamlines]) - expected).max() < 1e-5
    assert np.allclose(np.asarray(trx.data_per_streamline["weight"]).ravel(), np.arange(5) / 2)
    print("nibabel and trx-python read what tracts has written")


if __name__ == "__main__":
    verify(sys.argv[2]) if sys.argv[1:2] == ["verify"] else write()
