# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "h5py==3.16.0", "hdf5plugin==7.1.0"]
# ///
"""Writes small HDF5 files with h5py, sound ones and bad ones.

Every sound dataset holds the same values, by the formula in `values`. Run from the package's
root: python tools/golden/hdf5.py
"""

import json
import pathlib
import shutil
import struct
import zlib

import h5py
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2] / "volumes"
GOLDEN = ROOT / "golden" / "h5py-3.16.0"
BAD = ROOT / "bad" / "hdf5"
# Smaller than tiff.py's, for the files to be small: more of each is overhead.
SHAPE = (3, 20, 22)


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


def create(path, oldest="earliest"):
    # The newest version that the C library of current distributions reads.
    return h5py.File(path, "w", libver=(oldest, "v110"))


def golden():
    types = "uint8 uint16 uint32 uint64 int8 int16 int32 int64 float32 float64".split()
    for dtype in types:
        for order, letter in (("<", "le"), (">", "be")):
            stored = values(dtype).astype(np.dtype(dtype).newbyteorder(order))
            # Chunks found by trees in one, by the indices of HDF5 1.10 in the other.
            oldest = "earliest" if letter == "le" else "v110"
            with create(GOLDEN / f"{dtype}-{letter}.h5", oldest) as file:
                file.create_dataset("contiguous", data=stored)
                file.create_dataset("gzip", data=stored, chunks=(2, 16, 16), compression="gzip")
                file.create_dataset("shuffle", data=stored, chunks=(1, *SHAPE[1:]), shuffle=True,
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
        czyx = channels("uint16", 2)
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


def orders():
    """Every order of axes, in one piece, behind gzip and through the library alone."""
    with create(GOLDEN / "orders.h5") as file:
        shape = (2, 2) + SHAPE
        full = channels("uint16", 4).reshape(shape)
        assert full.shape == shape
        for order in "xyz zxy yxz xyzc cxyz xyzct yx".split():
            part = full[tuple(slice(None) if axis in order else 0 for axis in "tczyx")]
            have = [axis for axis in "tczyx" if axis in order]
            data = part.transpose([have.index(axis) for axis in order])
            chunk = {"t": 2, "c": 1, "z": 2, "y": 12, "x": 12}
            chunks = tuple(min(chunk[axis], data.shape[i]) for i, axis in enumerate(order))
            group = file.create_group(order)
            made = [group.create_dataset("gzip", data=data.astype(">u2"), chunks=chunks,
                                         compression="gzip", shuffle=True)]
            if len(order) < 4 or order == "xyzc":
                made += [group.create_dataset("contiguous", data=data),
                         group.create_dataset("chunked", data=data, chunks=chunks)]
            for dataset in made:
                for axis, name in enumerate(order):
                    dataset.dims[axis].label = name
            # Told by no one: the user states them.
            if order != "yx":
                group.create_dataset("untold", data=data, chunks=chunks, compression="lzf")


def filters():
    import hdf5plugin

    with create(GOLDEN / "filters.h5") as file:
        for dtype in ("uint8", "uint16"):
            data = values(dtype)
            options = {
                "lzf": dict(compression="lzf"),
                "lzf-shuffle": dict(compression="lzf", shuffle=True, fletcher32=True),
                "fletcher32": dict(fletcher32=True),
                "blosc": hdf5plugin.Blosc(cname="lz4", shuffle=hdf5plugin.Blosc.SHUFFLE),
                "blosc-zstd": hdf5plugin.Blosc(cname="zstd", shuffle=hdf5plugin.Blosc.BITSHUFFLE),
                "zstd": hdf5plugin.Zstd(),
                "gzip-9": dict(compression="gzip", compression_opts=9, fletcher32=True),
            }
            if dtype[0] == "u":
                options["scale-offset"] = dict(scaleoffset=True)
            for name, filters in options.items():
                file.create_dataset(f"{dtype}/{name}", data=data, chunks=(2, 16, 16), **filters)
        # A chunk that skipped its filter: what does not shrink is stored as it is.
        noise = np.random.default_rng(7).integers(0, 256, SHAPE, "uint8")
        file.create_dataset("noise", data=noise, chunks=(1, *SHAPE[1:]), compression="lzf")
        file["noise-plain"] = noise


def layouts():
    with create(GOLDEN / "labels-only.h5") as file:
        labels = values("uint64")
        labels[0] = 2**64 - 1
        labels[1] = 2**64 - 2
        ids = file.create_dataset("volumes/labels/neuron_ids", data=labels, compression="gzip")
        ids.attrs["resolution"] = (40.0, 4.0, 4.0)
        ids.attrs["offset"] = (40.0, 8.0, 12.0)
        file["annotations/ids"] = np.arange(3, dtype="uint64")
        file["annotations/locations"] = np.zeros((3, 3))
    with create(GOLDEN / "scales.h5") as file:
        def scaled(name, **attributes):
            dataset = file.create_dataset(name, data=values("uint8"))
            dataset.attrs.update(attributes)
        scaled("resolution", resolution=(40.0, 5.0, 4.0))
        scaled("micrometers", element_size_um=(0.04, 0.005, 0.004))
        scaled("units", voxel_size=(0.04, 0.005, 0.004), units=["um", "um", "um"], offset=(1, 2, 3))
        scaled("unit", resolution=(4e-5, 5e-6, 4e-6), unit="mm")
        scaled("spacing", spacing=(40, 5, 4))
        scaled("pixels", resolution=(40, 5, 4), units="pixel")
        scaled("none")
        scaled("reversed", resolution=(4.0, 5.0, 40.0), axis_order="xyz")
        group = file.create_group("group")
        group.attrs["resolution"] = (40.0, 5.0, 4.0)
        group["inner"] = values("uint8")
    with create(GOLDEN / "netcdf.h5") as file:
        data = file.create_dataset("volume", data=values("uint16").transpose(2, 1, 0))
        for axis, name in enumerate("xyz"):
            file[name] = np.arange(data.shape[axis], dtype="float32")
            file[name].make_scale(name)
            data.dims[axis].attach_scale(file[name])
    with create(GOLDEN / "long-chunks.h5") as file:
        # Chunks longer than axes of length one that can grow.
        growing = file.create_dataset("single", data=values("uint16")[None], chunks=(2, 2, 16, 16),
                                      maxshape=(None, 3, 20, 22), compression="gzip")
        growing.attrs["axis_order"] = "czyx"
        growing = file.create_dataset("trailing", data=values("uint16")[..., None],
                                      chunks=(2, 16, 16, 2), maxshape=(3, 20, 22, None),
                                      compression="gzip")
        growing.attrs["axis_order"] = "zyxc"
        growing = file.create_dataset("plain", data=channels("uint16", 3).astype(">u2"),
                                      chunks=(2, 2, 16, 16), maxshape=(None, 3, 20, 22))
        growing.attrs["axis_order"] = "czyx"
        growing = file.create_dataset("channels", data=channels("uint16", 3), chunks=(2, 2, 16, 16),
                                      maxshape=(None, 3, 20, 22), compression="gzip")
        growing.attrs["axis_order"] = "czyx"
    with h5py.File(GOLDEN / "matlab.mat", "w", userblock_size=512,
                   libver=("earliest", "v110")) as file:
        # MATLAB's (row, column, section), the row fastest.
        file["stack"] = values("uint16").transpose(0, 2, 1)
    with open(GOLDEN / "matlab.mat", "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(116))
    with create(GOLDEN / "bdv.h5") as file:
        z, y, x = SHAPE
        for time in range(2):
            data = values("uint16", (z + time, y, x))[time:]
            file.create_dataset(f"t{time:05}/s00/0/cells", data=data.view("int16"),
                                chunks=(2, 16, 16), compression="gzip")
            file.create_dataset(f"t{time:05}/s00/1/cells", data=data[:, ::2, ::2].view("int16"),
                                chunks=(2, 8, 8), compression="gzip")
        file["s00/resolutions"] = np.array([[1, 1, 1], [2, 2, 1]], "float64")
        file["s00/subdivisions"] = np.array([[16, 16, 2], [8, 8, 2]], "int32")
    (GOLDEN / "bdv.xml").write_text(
        "<SpimData><SequenceDescription><ViewSetups><ViewSetup><id>0</id>"
        "<size>22 20 3</size><voxelSize><unit>um</unit><size>0.004 0.005 0.04</size></voxelSize>"
        "</ViewSetup></ViewSetups></SequenceDescription></SpimData>\n")
    with create(GOLDEN / "imaris.ims") as file:
        def letters(owner, **texts):
            for name, text in texts.items():
                owner.attrs[name] = np.array(list(text), "S1")
        z, y, x = SHAPE
        image = file.create_group("DataSetInfo/Image")
        letters(image, X=str(x), Y=str(y), Z=str(z), Unit="um", ExtMin0="0", ExtMin1="0",
                ExtMin2="1", ExtMax0=str(x * 0.004), ExtMax1=str(y * 0.005),
                ExtMax2=str(1 + z * 0.04))
        for level, step in ((0, 1), (1, 2)):
            for time in range(2):
                for channel in range(2):
                    shift = 2 * time + channel
                    data = values("uint16", (z + shift, y, x))[shift:, ::step, ::step]
                    group = file.create_group(
                        f"DataSet/ResolutionLevel {level}/TimePoint {time}/Channel {channel}")
                    letters(group, ImageSizeX=str(data.shape[2]), ImageSizeY=str(data.shape[1]),
                            ImageSizeZ=str(data.shape[0]))
                    padded = np.zeros((4, 24, 24), "uint16")
                    padded[: data.shape[0], : data.shape[1], : data.shape[2]] = data
                    group.create_dataset("Data", data=padded, chunks=(4, 12, 12),
                                         compression="gzip")


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
    only("untold-axes", data=np.zeros((20, 21, 22, 3), "uint8"))
    only("huge", shape=(2**40, 2**40, 2**40), dtype="uint8", chunks=(64, 64, 64))
    only("overflowing", shape=(2**21, 2**21, 2**21), dtype="uint64", chunks=(64, 64, 64))
    only("huge-chunks", shape=(2**20, 2**20, 2**20), dtype="uint8", chunks=(2, 2**15, 2**15))
    with create(BAD / "reversed-axes.h5") as file:
        file["data"] = values("uint8")
        file["data"].attrs["axis_order"] = "xyv"
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
        creation.set_chunk(SHAPE)
        creation.set_filter(32019, h5py.h5z.FLAG_OPTIONAL, (3,))
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
    def damaged(name, options, change, dtype="uint16"):
        """One chunk, whose bytes in the file a function changes."""
        with create(BAD / f"{name}.h5") as file:
            data = file.create_dataset("data", data=values(dtype), chunks=SHAPE, **options)
            place = data.id.get_chunk_info(0)
        with open(BAD / f"{name}.h5", "r+b") as file:
            file.seek(place.byte_offset)
            stored = bytearray(file.read(place.size))
            change(stored)
            file.seek(place.byte_offset)
            file.write(stored)

    def cut(stored):
        stored[len(stored) // 2 :] = bytes(len(stored) - len(stored) // 2)

    def far(stored):
        stored[:3] = b"\xff\xff\xff"

    damaged("damaged-lzf", dict(compression="lzf"), far)
    damaged("cut-lzf", dict(compression="lzf"), cut)
    damaged("cut-deflate", dict(compression="gzip", shuffle=True), cut)

    def written_chunk(name, filters, stored, chunks=SHAPE):
        """One chunk of bytes of our own, behind filters that never made them."""
        with create(BAD / f"{name}.h5") as file:
            creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            creation.set_chunk(chunks)
            for number, parameters in filters:
                creation.set_filter(number, h5py.h5z.FLAG_OPTIONAL, parameters)
            data = h5py.h5d.create(file.id, b"data", h5py.h5t.STD_U16LE,
                                   h5py.h5s.create_simple(SHAPE), creation)
            data.write_direct_chunk((0, 0, 0), stored)

    size = 2 * int(np.prod(SHAPE))
    written_chunk("short-chunk", [(1, (4,))], zlib.compress(bytes(size - 1)))
    written_chunk("long-chunk", [(1, (4,))], zlib.compress(bytes(size + 1)))
    written_chunk("bomb", [(1, (9,))], zlib.compress(bytes(10_000_000), 9))
    written_chunk("zstd-garbage", [(32015, (3,))], bytes(range(100)))
    written_chunk("blosc-garbage", [(32001, (2, 2, 2, size, 4, 1, 0))], bytes(range(100)))
    written_chunk("lzf-garbage", [(32000, (4, 0, size))], b"\xe0\xff\xff" * 30)
    written_chunk("empty-lzf", [(32000, (4, 0, size))], b"\x00")
    written_chunk("twice-deflated", [(1, (4,)), (1, (4,))],
                  zlib.compress(zlib.compress(bytes(size))))
    written_chunk("short-checksum", [(3, ())], b"ab")
    with create(BAD / "linked-group.h5") as file:
        file["group"] = h5py.ExternalLink("../../golden/h5py-3.16.0/cremi.h5", "/volumes")
        file["data"] = h5py.SoftLink("/group/raw")
    with create(BAD / "deep-links.h5") as file:
        for index in range(40):
            file[f"link{index}"] = h5py.SoftLink(f"/link{index + 1}")
        file["data"] = h5py.SoftLink("/link0")
    with create(BAD / "imaris-gap.h5") as file:
        for time, channel in ((0, 0), (0, 1), (1, 0)):
            file[f"DataSet/ResolutionLevel 0/TimePoint {time}/Channel {channel}/Data"] = \
                values("uint8")
    with create(BAD / "imaris-small.h5") as file:
        file["DataSet/ResolutionLevel 0/TimePoint 0/Channel 0/Data"] = values("uint8")
        channel = file["DataSet/ResolutionLevel 0/TimePoint 0/Channel 0"]
        for axis in "XYZ":
            channel.attrs[f"ImageSize{axis}"] = np.array(list("9999"), "S1")
    with create(BAD / "bdv-setups.h5") as file:
        for setup in range(2):
            file[f"t00000/s{setup:02}/0/cells"] = values("int16")
            file[f"s{setup:02}/resolutions"] = np.ones((1, 3))
    with create(BAD / "beyond-end.h5") as file:
        file.create_dataset("data", data=values("uint16"))
        place = file["data"].id.get_offset()
    stored = bytearray((BAD / "beyond-end.h5").read_bytes())
    at = stored.index(struct.pack("<Q", place))
    stored[at : at + 8] = struct.pack("<Q", len(stored) - 10)
    (BAD / "beyond-end.h5").write_bytes(stored)
    with create(BAD / "chunk-beyond-end.h5") as file:
        file.create_dataset("data", data=values("uint16"), chunks=(3, 10, 22))
        place = file["data"].id.get_chunk_info(1).byte_offset
    stored = bytearray((BAD / "chunk-beyond-end.h5").read_bytes())
    at = stored.index(struct.pack("<Q", place))
    stored[at : at + 8] = struct.pack("<Q", len(stored) - 10)
    (BAD / "chunk-beyond-end.h5").write_bytes(stored)
    with create(BAD / "cyclic-links.h5") as file:
        file["a"] = h5py.SoftLink("/b")
        file["b"] = h5py.SoftLink("/a")


if __name__ == "__main__":
    for folder in (GOLDEN, BAD):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    golden()
    orders()
    filters()
    layouts()
    bad()
