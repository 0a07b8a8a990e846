#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "zarr==3.1.6"]
# ///
"""Writes small arrays with zarr-python for the interop tests.

    tools/golden/zarr.py [OUTPUT]        default: volumes/golden/zarr-python-3.1.6

Each case is a folder with the array (`array.zarr`) and its values as raw little-endian bytes, the
axes in the order t, c, z, y, x (`expected.bin`). SHA256SUMS lists every file. Same versions and seed give same files.
"""

import gzip
import hashlib
import shutil
import sys
from pathlib import Path

# This file is called as the package it uses: look for packages elsewhere than here.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).parent]

import numpy as np
import zarr
from zarr.codecs import (
    BloscCodec,
    BytesCodec,
    Crc32cCodec,
    GzipCodec,
    ShardingCodec,
    TransposeCodec,
    ZstdCodec,
)

# gzip writes the time into its header.
gzip.time = type("clock", (), {"time": staticmethod(lambda: 0)})

SHAPE = (9, 11, 13)
CHUNK = (5, 6, 7)
LENGTHS = {"t": 3, "c": 4, "z": 7, "y": 9, "x": 10}
CHUNK_LENGTHS = {"t": 2, "c": 3, "z": 5, "y": 6, "x": 7}
SHARD_LENGTHS = {"t": 2, "c": 4, "z": 6, "y": 6, "x": 8}
INNER_LENGTHS = {"t": 1, "c": 2, "z": 3, "y": 3, "x": 4}


def values(dtype, shape=SHAPE, seed=1):
    """Smooth in parts, random in others, so that codecs both win and lose."""
    generator = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return generator.integers(0, 2, size=shape).astype(bool)
    if dtype.kind == "f":
        data = generator.normal(size=shape).astype(dtype)
    else:
        info = np.iinfo(dtype)
        data = generator.integers(info.min, info.max, size=shape, dtype=dtype, endpoint=True)
    data[..., : shape[-1] // 2] = 7
    data[..., 0] = 0
    if dtype.kind != "f":
        data[..., -1, -1], data[..., -2, -1] = info.min, info.max
    return data


LITTLE = BytesCodec(endian="little")
CASES = {}
for name in (
    "uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64 bool".split()
):
    CASES[f"{name}-zstd"] = dict(dtype=name, codecs=[LITTLE, ZstdCodec(level=3, checksum=True)])
CASES |= {
    "uint16-raw": dict(dtype="uint16", codecs=[LITTLE]),
    "uint16-big-endian": dict(dtype="uint16", codecs=[BytesCodec(endian="big"), GzipCodec(level=1)]),
    "uint32-gzip-crc32c": dict(dtype="uint32", codecs=[LITTLE, GzipCodec(level=5), Crc32cCodec()]),
    "uint64-default-pipeline": dict(
        dtype="uint64", codecs=[LITTLE, ZstdCodec(level=3, checksum=True), Crc32cCodec()]
    ),
    "uint64-transpose": dict(
        dtype="uint64", codecs=[TransposeCodec(order=(2, 0, 1)), LITTLE, ZstdCodec(level=1)]
    ),
    "uint8-v2-keys": dict(dtype="uint8", codecs=[LITTLE], keys=("v2", ".")),
    "uint8-dot-keys": dict(dtype="uint8", codecs=[LITTLE], keys=("default", ".")),
    "float32-nan-fill": dict(dtype="float32", codecs=[LITTLE], fill=float("nan"), hole=True),
    "float16-infinite-fill": dict(
        dtype="float16", codecs=[BytesCodec(endian="big")], fill=float("-inf"), hole=True
    ),
    "bool-true-fill": dict(dtype="bool", codecs=[LITTLE, GzipCodec(level=1)], fill=True, hole=True),
    "int64-negative-fill": dict(dtype="int64", codecs=[LITTLE], fill=-(2**63), hole=True),
    "uint64-largest-fill": dict(dtype="uint64", codecs=[LITTLE], fill=2**64 - 1, hole=True),
    "uint64-large-fill": dict(dtype="uint64", codecs=[LITTLE], fill=2**63 + 5, hole=True),
    "float32-channels": dict(
        dtype="float32", shape=(3, *SHAPE), chunk=(3, *CHUNK), codecs=[LITTLE, ZstdCodec(level=3)]
    ),
    "uint16-channel-chunks": dict(
        dtype="uint16", shape=(3, *SHAPE), chunk=(2, *CHUNK), codecs=[LITTLE, GzipCodec(level=5)]
    ),
}
for compressor in "blosclz lz4 lz4hc zlib zstd".split():
    CASES[f"uint32-blosc-{compressor}"] = dict(
        dtype="uint32",
        codecs=[LITTLE, BloscCodec(cname=compressor, clevel=5, shuffle="shuffle", typesize=4)],
    )
CASES["uint64-blosc-bitshuffle"] = dict(
    dtype="uint64",
    codecs=[LITTLE, BloscCodec(cname="lz4", clevel=9, shuffle="bitshuffle", typesize=8)],
)
CASES["float64-blosc-noshuffle"] = dict(
    dtype="float64", codecs=[LITTLE, BloscCodec(cname="zstd", clevel=1, shuffle="noshuffle", typesize=8)]
)
for name, inner in {
    "raw": [], "blosc": [BloscCodec(cname="lz4", clevel=5, shuffle="shuffle", typesize=2)],
    "gzip-crc32c": [GzipCodec(level=5), Crc32cCodec()],
}.items():
    CASES[f"uint16-sharded-{name}"] = dict(
        dtype="uint16", chunk=(6, 6, 8), hole=True,
        codecs=[
            ShardingCodec(
                chunk_shape=(3, 6, 4), codecs=[BytesCodec(endian="big"), *inner],
                index_codecs=[LITTLE],
            )
        ],
    )
for location in ("start", "end"):
    CASES[f"uint64-sharded-index-{location}"] = dict(
        dtype="uint64",
        chunk=(6, 6, 8),
        hole=True,
        codecs=[
            ShardingCodec(
                chunk_shape=(3, 3, 4),
                codecs=[LITTLE, ZstdCodec(level=3, checksum=True), Crc32cCodec()],
                index_codecs=[LITTLE, Crc32cCodec()],
                index_location=location,
            )
        ],
    )


DTYPES = {"x": "uint8", "y": "uint16", "z": "uint32", "c": "uint64", "t": "float32"}
PIPELINE = [LITTLE, ZstdCodec(level=3, checksum=True)]
for axes in "yx xy zyx xyz zxy yzx czyx cxyz zyxc xyzc tzyx tczyx ctzyx xyzct".split():
    case = dict(dtype=DTYPES[axes[0]], axes=axes)
    CASES[f"axes-{axes}"] = case | dict(
        chunk=tuple(CHUNK_LENGTHS[axis] for axis in axes), codecs=PIPELINE
    )
for axes, outer, inner in [
    ("xyz", None, (2, 1, 0)), ("cxyz", None, (3, 2, 1, 0)), ("zyx", (2, 0, 1), None),
    ("zyx", (1, 2, 0), (1, 2, 0)), ("tczyx", (4, 0, 2, 1, 3), (3, 1, 4, 0, 2)),
]:
    # zarr-python asks that inner lengths divide the shard's before its transposition, too.
    inner_shape = tuple(2 if outer else INNER_LENGTHS[axis] for axis in axes)
    sharding = ShardingCodec(
        chunk_shape=inner_shape,
        codecs=([TransposeCodec(order=inner)] if inner else []) + PIPELINE,
        index_codecs=[LITTLE, Crc32cCodec()],
    )
    name = "-".join(["axes", axes, "sharded"] + ["outer"] * bool(outer) + ["inner"] * bool(inner))
    CASES[name] = dict(
        dtype=DTYPES[axes[-1]] if outer else "uint16", axes=axes,
        chunk=tuple(SHARD_LENGTHS[axis] for axis in axes), hole=True,
        codecs=([TransposeCodec(order=outer)] if outer else []) + [sharding],
    )
CASES["axes-zyx-two-transposes"] = dict(
    dtype="uint16", axes="zyx",
    codecs=[TransposeCodec(order=(1, 2, 0)), TransposeCodec(order=(0, 2, 1)), *PIPELINE],
)


def write(
    folder, dtype, codecs, axes=None, shape=None, chunk=CHUNK, fill=0, hole=False,
    keys=("default", "/"),
):
    axes = axes or "czyx"[-len(shape or SHAPE) :]
    shape = shape or tuple(LENGTHS[axis] for axis in axes)
    data = values(dtype, shape)
    if hole:
        data[..., :6, :8] = fill
    array = zarr.create(
        store=folder / "array.zarr",
        shape=shape,
        chunks=chunk,
        dtype=dtype,
        codecs=codecs,
        fill_value=fill,
        chunk_key_encoding=keys,
        dimension_names=list(axes),
        zarr_format=3,
        config={"write_empty_chunks": False},
    )
    array[:] = data
    ordered = np.transpose(data, [axes.index(axis) for axis in "tczyx" if axis in axes])
    little = ordered.astype(data.dtype.newbyteorder("<"))
    (folder / "expected.bin").write_bytes(little.tobytes())


def main():
    root = Path(__file__).resolve().parents[2]
    output = root / f"volumes/golden/zarr-python-{zarr.__version__}"
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else output
    if output.exists():
        shutil.rmtree(output)
    for name, case in CASES.items():
        folder = output / name
        folder.mkdir(parents=True)
        write(folder, **case)
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(output)}\n"
        for path in sorted(output.rglob("*"))
        if path.is_file()
    ]
    (output / "SHA256SUMS").write_text("".join(sums))
    print(f"{len(CASES)} cases, {len(sums)} files in {output}")


if __name__ == "__main__":
    main()
