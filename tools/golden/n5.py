#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "tensorstore==0.1.86"]
# ///
"""Writes small N5 volumes with tensorstore, and the attributes of those who use N5.

    tools/golden/n5.py [OUTPUT]        default: volumes/golden/tensorstore-0.1.86

`n5-NAME` is an array (`array.n5`) and its values as raw little-endian bytes, (z, y, x) in C order
(`expected.bin`). `n5-with-NAME` is a container (`volume.n5`) with the attributes of one program, and
`expected.json` says the place of each level. Same versions and seed give same files.
"""

import gzip
import json
import shutil
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import tensorstore

sys.path.insert(0, str(Path(__file__).resolve().parent))
from zarr2 import emptied, level, save, values  # noqa: E402

SHAPE = (4, 7, 9)
BLOCK = (3, 7, 5)
TYPES = "uint8 uint16 uint32 uint64 int8 int16 int32 int64 float32 float64".split()
GZIP = {"type": "gzip", "level": 5, "useZlib": False}


def create(path, data, block=BLOCK, compression=GZIP, **attributes):
    """Writes (…, z, y, x) values; N5 lists axes fastest first."""
    store = tensorstore.open({
        "driver": "n5", "kvstore": {"driver": "file", "path": str(path)},
        "metadata": {
            "dimensions": list(data.shape[::-1]), "blockSize": list(block[::-1]),
            "dataType": data.dtype.name, "compression": compression} | attributes},
        create=True).result()
    store[...] = data.transpose()


ARRAYS = {f"{name}-gzip": dict(dtype=name) for name in TYPES}
ARRAYS |= {
    "uint16-raw": dict(dtype="uint16", compression={"type": "raw"}),
    "uint32-zlib": dict(dtype="uint32", compression={"type": "gzip", "level": 6, "useZlib": True}),
    "uint64-default-level": dict(
        dtype="uint64", compression={"type": "gzip", "level": -1, "useZlib": False}),
    "uint64-zstd": dict(dtype="uint64", compression={"type": "zstd", "level": 3}),
    "float32-channels": dict(dtype="float32", shape=(3, *SHAPE), block=(2, *BLOCK)),
    "uint16-five-axes": dict(dtype="uint16", shape=(2, 3, *SHAPE), block=(1, 2, *BLOCK)),
    "uint8-section": dict(dtype="uint8", shape=SHAPE[1:], block=BLOCK[1:]),
    "uint8-reversed-axes": dict(dtype="uint8", axes=["z", "y", "x"], reversed=True),
    "uint64-missing-blocks": dict(dtype="uint64", hole=True),
}
for cname in "blosclz lz4 lz4hc zlib zstd".split():
    ARRAYS[f"uint32-blosc-{cname}"] = dict(
        dtype="uint32",
        compression={"type": "blosc", "cname": cname, "clevel": 5, "shuffle": 1, "blocksize": 0})
ARRAYS["uint64-blosc-bitshuffle"] = dict(
    dtype="uint64",
    compression={"type": "blosc", "cname": "lz4", "clevel": 9, "shuffle": 2, "blocksize": 0})


def write_array(folder, dtype, shape=SHAPE, block=BLOCK, hole=False, reversed=False, **more):
    data = values(dtype, shape)
    if hole:
        data[..., :3, :, :5] = 0
    if reversed:
        create(folder / "array.n5", data.transpose(), block[::-1], **more)
    else:
        create(folder / "array.n5", data, block, **more)
    save(folder, data)


def write_by_hand(folder, encode, compression, is_cut):
    """Blocks as the specification has them, by nothing but struct."""
    data = values("uint64")
    root = folder / "array.n5"
    root.mkdir()
    (root / "attributes.json").write_text(json.dumps({
        "n5": "2.0.0", "dimensions": SHAPE[::-1], "blockSize": BLOCK[::-1], "dataType": "uint64",
    } | compression))
    for start in np.ndindex(*(-(-length // block) for length, block in zip(SHAPE, BLOCK))):
        corner = [index * block for index, block in zip(start, BLOCK)]
        part = data[tuple(slice(at, at + block) for at, block in zip(corner, BLOCK))]
        if not is_cut:
            whole = np.full(BLOCK, 99, "uint64")
            whole[tuple(slice(length) for length in part.shape)] = part
            part = whole
        file = root.joinpath(*(str(index) for index in start[::-1]))
        file.parent.mkdir(parents=True, exist_ok=True)
        header = struct.pack(">HH3I", 0, 3, *part.shape[::-1])
        file.write_bytes(header + encode(part.astype(">u8").tobytes()))
    save(folder, data)


NM = {"unit": "nm", "dimensions": [4, 5, 40]}
HALVES = [[1, 1, 1], [2, 2, 1]]
PLACES = [level([40, 5, 4], [0, 0, 0]), level([40, 10, 8], [0, 2.5, 2])]
MOVED = [level([40, 5, 4], [400, 50, 40]), level([40, 10, 8], [400, 52.5, 42])]


def cosem(scale, translate):
    return {"axes": ["z", "y", "x"], "scale": scale, "translate": translate, "units": ["nm"] * 3}


COSEM = [cosem([40, 5, 4], [400, 50, 40]), cosem([40, 10, 8], [400, 52.5, 42])]
AXES = [{"name": name, "type": "space", "unit": "nanometer"} for name in "zyx"]
# Name: the path of the group, attributes by path within the container, the places of the levels.
CONTAINERS = {
    "viewer": ("", {"": {"n5": "2.0.0", "scales": HALVES, "pixelResolution": NM}}, PLACES),
    "cloudvolume": (
        "", {"": {"resolution": [4, 5, 40], "units": ["nm"] * 3, "downsamplingFactors": HALVES}}, PLACES),
    "bdv": (
        "setup0/timepoint0",
        {"": {"n5": "2.0.0"}, "setup0": {"downsamplingFactors": HALVES, "dataType": "uint16"},
         "setup0/timepoint0": {"multiScale": True, "resolution": [4.0, 5.0, 40.0]},
         "setup0/timepoint0/s0": {"downsamplingFactors": HALVES[0]},
         "setup0/timepoint0/s1": {"downsamplingFactors": HALVES[1]}}, PLACES),
    "spark": (
        "", {"s0": {"pixelResolution": NM, "downsamplingFactors": HALVES[0]},
             "s1": {"pixelResolution": NM, "downsamplingFactors": HALVES[1]}}, PLACES),
    "paintera": (
        "volumes/raw/data",
        {"": {"n5": "2.0.0"}, "volumes/raw": {"painteraData": {"type": "raw"}},
         "volumes/raw/data": {"multiScale": True, "resolution": [4, 5, 40], "offset": [40, 50, 400]},
         "volumes/raw/data/s1": {"downsamplingFactors": HALVES[1]}}, MOVED),
    "cosem": (
        "em", {"": {"n5": "2.0.0"},
               "em": {"multiscales": [{"datasets": [
                   {"path": f"s{at}", "transform": COSEM[at]} for at in range(2)]}]},
               "em/s0": {"transform": COSEM[0], "pixelResolution": NM},
               "em/s1": {"transform": COSEM[1]}}, MOVED),
    "ome": (
        "", {"": {"multiscales": [{"version": "0.4", "axes": AXES, "datasets": [
            {"path": f"s{at}", "coordinateTransformations": [
                {"type": "scale", "scale": COSEM[at]["scale"]},
                {"type": "translation", "translation": COSEM[at]["translate"]}]}
            for at in range(2)]}]}}, MOVED),
    "funlib": (
        "", {"s0": {"resolution": [4, 5, 40], "offset": [40, 50, 400]},
             "s1": {"resolution": [8, 10, 40], "offset": [42, 52.5, 400]}}, MOVED),
    "tensorstore": (
        "", {"s0": {"resolution": [4, 5, 40], "units": ["nm"] * 3, "axes": ["x", "y", "z"]},
             "s1": {"resolution": [8, 10, 40], "units": ["nm"] * 3, "axes": ["x", "y", "z"],
                    "offset": [2, 2.5, 0]}}, PLACES),
    "micrometers": (
        "", {"": {"pixelResolution": {"unit": "um", "dimensions": [0.004, 0.005, 0.04]}}},
        [level([0.04, 0.005, 0.004], [0, 0, 0], "micrometer"),
         level([0.04, 0.01, 0.008], [0, 0.0025, 0.002], "micrometer")]),
    "nothing": ("", {"": {"n5": "2.0.0"}}, None),
}


def write_container(folder, group, attributes, places):
    data = values("uint16")
    for at in range(2):
        create(folder / "volume.n5" / group / f"s{at}", data[:, ::2**at, ::2**at])
    for path, members in attributes.items():
        file = folder / "volume.n5" / path / "attributes.json"
        old = json.loads(file.read_text()) if file.exists() else {}
        file.write_text(json.dumps(old | members))
    (folder / "expected.json").write_text(
        json.dumps({"group": group, "levels": places}, indent=1) + "\n")
    save(folder, data)


def main():
    root = Path(__file__).resolve().parents[2]
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else root / "volumes/golden/tensorstore-0.1.86"
    for old in output.glob("n5-*"):
        shutil.rmtree(old)
    for name, case in ARRAYS.items():
        write_array(emptied(output / f"n5-{name}"), **case)
    packed = {"compression": GZIP}
    for name, encode, compression, is_cut in [
        ("whole-edges", lambda data: gzip.compress(data, mtime=0), packed, False),
        ("cut-edges", lambda data: gzip.compress(data, mtime=0), packed, True),
        ("zlib", zlib.compress, {"compression": GZIP | {"useZlib": True}}, True),
        ("first-version", lambda data: gzip.compress(data, mtime=0), {"compressionType": "gzip"}, True),
    ]:
        write_by_hand(emptied(output / f"n5-by-hand-{name}"), encode, compression, is_cut)
    for name, case in CONTAINERS.items():
        write_container(emptied(output / f"n5-with-{name}"), *case)
    print(f"{len(ARRAYS) + 4} arrays, {len(CONTAINERS)} containers")


if __name__ == "__main__":
    main()
