# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "h5py==3.16.0"]
# ///
"""Writes small HDF5 files with h5py, sound ones and bad ones.

Every sound dataset holds the same values, by the formula in `values`. Run from the package's
root: python tools/golden/hdf5.py
"""

import json
import pathlib
import shutil
import struct

import h5py
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2] / "volumes"
GOLDEN = ROOT / "golden" / "h5py-3.16.0"
BAD = ROOT / "bad" / "hdf5"
SHAPE = (3, 29, 35)


def values(dtype, shape=SHAPE):
    """As in tiff.py; the value of channel c at z is that at z + c."""
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


def channels(dtype, count):
    z, y, x = SHAPE
    return np.stack([values(dtype, (z + c, y, x))[c:] for c in range(count)])


def create(path):
    # The version that the C library of current distributions reads.
    return h5py.File(path, "w", libver=("earliest", "v110"))


def golden():
    types = "uint8 uint16 uint32 uint64 int8 int16 int32 int64 float32 float64".split()
    for dtype in types:
        for order, letter in (("<", "le"), (">", "be")):
            stored = values(dtype).astype(np.dtype(dtype).newbyteorder(order))
            with create(GOLDEN / f"{dtype}-{letter}.h5") as file:
                file.create_dataset("contiguous", data=stored)
                file.create_dataset("gzip", data=stored, chunks=(2, 16, 16), compression="gzip")
                file.create_dataset("shuffle", data=stored, chunks=(1, 29, 35), shuffle=True,
                                    compression="gzip", fletcher32=True)
    with create(GOLDEN / "cremi.h5") as file:
        file.attrs["file_format"] = "0.2"
        raw = file.create_dataset("volumes/raw", data=values("uint8"), chunks=(2, 16, 16),
                                  compression="gzip")
        raw.attrs["resolution"] = (40.0, 5.0, 4.0)
        labels = file.create_dataset("volumes/labels/neuron_ids", data=values("uint64"),
                                     compression="gzip")
        labels.attrs["resolution"] = (40.0, 5.0, 4.0)
        labels.attrs["offset"] = (120.0, 10.0, 8.0)
        file.create_dataset("annotations/ids", data=np.arange(5, dtype="uint64"))
    with create(GOLDEN / "axes.h5") as file:
        def tagged(name, data, keys):
            dataset = file.create_dataset(name, data=data, chunks=True)
            dataset.attrs["axistags"] = json.dumps({"axes": [
                {"key": key, "typeFlags": 1 if key == "c" else 2, "resolution": 0,
                 "description": ""} for key in keys]})
        czyx = channels("float32", 2)
        tagged("zyxc", np.moveaxis(czyx, 0, -1), "zyxc")
        tagged("czyx", czyx, "czyx")
        tagged("tzyxc", np.moveaxis(czyx, 0, -1)[None], "tzyxc")
        tagged("zcyx", np.moveaxis(czyx, 0, 1), "zcyx")
        file.create_dataset("untold", data=czyx)
        file.create_dataset("single", data=czyx[:1][None])
        file.create_dataset("trailing", data=czyx[0][..., None])
        file.create_dataset("ordered", data=np.moveaxis(czyx, 0, -1)).attrs["axis_order"] = "zyxc"
    with create(GOLDEN / "main.h5") as file:
        data = file.create_dataset("main", data=values("uint16"))
        data.attrs["element_size_um"] = np.array([0.04, 0.005, 0.004], "float32")
        file.create_dataset("table", data=np.arange(10))
    with create(GOLDEN / "unwritten.h5") as file:
        data = file.create_dataset("data", SHAPE, "uint8", chunks=(1, 16, 16), compression="gzip")
        data[0] = 1
    with create(GOLDEN / "softlink.h5") as file:
        file["real"] = values("uint8")
        file["alias"] = h5py.SoftLink("/real")


def bad():
    with create(BAD / "several.h5") as file:
        file["first"] = values("uint8")
        file["group/second"] = values("uint16")
    with create(BAD / "none.h5") as file:
        file["table"] = np.arange(10)
    with create(BAD / "empty-file.h5"):
        pass
    (BAD / "zero-bytes.h5").write_bytes(b"")
    (BAD / "text.h5").write_text("this is no volume\n")
    sound = (GOLDEN / "uint16-le.h5").read_bytes()
    (BAD / "truncated.h5").write_bytes(sound[: len(sound) * 2 // 3])
    (BAD / "header-only.h5").write_bytes(sound[:96])

    def only(name, **options):
        with create(BAD / f"{name}.h5") as file:
            file.create_dataset("data", **options)

    only("rank-0", data=np.uint8(7))
    only("rank-2", data=values("uint8")[0])
    only("rank-6", data=np.zeros((1, 1, 2, 2, 2, 2), "uint8"))
    only("rank-32", data=np.zeros((1,) * 32, "uint8"))
    only("no-voxels", data=np.zeros((0, 4, 4), "uint8"))
    only("null-space", data=h5py.Empty("uint8"))
    only("compound", data=np.zeros((2, 3, 4), [("a", "u1"), ("b", "f4")]))
    only("text-values", data=np.full((2, 3, 4), b"abc"))
    only("truth-values", data=np.zeros((2, 3, 4), bool))
    only("float16", data=values("uint8").astype("float16"))
    only("lzf", data=values("uint8"), compression="lzf")
    only("untold-axes", data=np.zeros((20, 21, 22, 3), "uint8"))
    only("huge", shape=(2**40, 2**40, 2**40), dtype="uint8", chunks=(64, 64, 64))
    only("overflowing", shape=(2**21, 2**21, 2**21), dtype="uint64", chunks=(64, 64, 64))
    only("huge-chunks", shape=(2**20, 2**20, 2**20), dtype="uint8", chunks=(2, 2**15, 2**15))
    with create(BAD / "reversed-axes.h5") as file:
        file["data"] = values("uint8")
        file["data"].attrs["axis_order"] = "xyz"
    with create(BAD / "other-file.h5") as file:
        file["data"] = h5py.ExternalLink("../../golden/h5py-3.16.0/main.h5", "/main")
    with create(BAD / "external-storage.h5") as file:
        file.create_dataset("data", SHAPE, "uint8", external=[("text.h5", 0, 4000)])
    with create(BAD / "virtual.h5") as file:
        layout = h5py.VirtualLayout(SHAPE, "uint16")
        layout[...] = h5py.VirtualSource("../../golden/h5py-3.16.0/main.h5", "main", SHAPE)
        file.create_virtual_dataset("data", layout)
    with create(BAD / "unknown-filter.h5") as file:
        creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        creation.set_chunk((3, 29, 35))
        creation.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (3,))
        h5py.h5d.create(file.id, b"data", h5py.h5t.NATIVE_UINT8,
                        h5py.h5s.create_simple(SHAPE), creation)
    with create(BAD / "damaged-chunk.h5") as file:
        data = file.create_dataset("data", data=values("uint16"), chunks=SHAPE, compression="gzip")
        place = data.id.get_chunk_info(0)
    with open(BAD / "damaged-chunk.h5", "r+b") as file:
        file.seek(place.byte_offset + place.size // 2)
        file.write(b"\x5a" * 40)
    with create(BAD / "failed-checksum.h5") as file:
        data = file.create_dataset("data", data=values("uint16"), chunks=SHAPE, fletcher32=True)
        place = data.id.get_chunk_info(0)
    with open(BAD / "failed-checksum.h5", "r+b") as file:
        file.seek(place.byte_offset + 100)
        file.write(struct.pack("<H", 12345))
    with create(BAD / "cyclic-links.h5") as file:
        file["a"] = h5py.SoftLink("/b")
        file["b"] = h5py.SoftLink("/a")


if __name__ == "__main__":
    for folder in (GOLDEN, BAD):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    golden()
    bad()
