#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "tensorstore==0.1.86"]
# ///
"""Writes small Zarr v3 arrays with tensorstore for the interop tests.

    tools/golden/tensorstore-zarr.py [OUTPUT]        default: volumes/golden/tensorstore-0.1.86

Each case is a folder `zarr3-NAME` with the array (`array.zarr`) and its values as raw little-endian
bytes, the axes in the order t, c, z, y, x (`expected.bin`). Same versions and seed give same files.
"""

import shutil
import sys
from pathlib import Path

# This folder has a file named zarr.py: look for packages elsewhere.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).parent]

import numpy as np
import tensorstore

LENGTHS = {"t": 3, "c": 4, "z": 7, "y": 9, "x": 10}
SHARD = {"t": 2, "c": 4, "z": 6, "y": 6, "x": 8}
INNER = {"t": 1, "c": 2, "z": 3, "y": 2, "x": 4}
BYTES = {"name": "bytes", "configuration": {"endian": "little"}}
ZSTD = {"name": "zstd", "configuration": {"level": 3}}


def transpose(order):
    return [{"name": "transpose", "configuration": {"order": list(order)}}] if order else []


# axes, type, transposition of the array, of the shard's inner chunks (None: not sharded)
CASES = {
    "yx-float16": ("yx", "float16", None, None),
    "zyx-bool": ("zyx", "bool", (2, 1, 0), None),
    "xyz-uint64": ("xyz", "uint64", None, (2, 1, 0)),
    "cxyz-uint8": ("cxyz", "uint8", (3, 2, 1, 0), ()),
    "zyx-outer-inner-uint16": ("zyx", "uint16", (1, 2, 0), (1, 2, 0)),
    "tczyx-outer-inner-float32": ("tczyx", "float32", (4, 0, 2, 1, 3), (3, 1, 4, 0, 2)),
    "xyzct-outer-int64": ("xyzct", "int64", (1, 0, 4, 3, 2), ()),
}


def values(dtype, shape):
    generator = np.random.default_rng(2)
    if dtype == "bool":
        return generator.integers(0, 2, size=shape).astype(bool)
    if np.dtype(dtype).kind == "f":
        data = generator.normal(size=shape).astype(dtype)
    else:
        info = np.iinfo(dtype)
        data = generator.integers(info.min, info.max, size=shape, dtype=dtype, endpoint=True)
    data[..., :5] = 0
    return data


def write(folder, axes, dtype, outer, inner):
    shape = [LENGTHS[axis] for axis in axes]
    codecs = [BYTES, ZSTD]
    if inner is not None:
        stored = [axes[place] for place in outer] if outer else axes
        codecs = [
            {
                "name": "sharding_indexed",
                "configuration": {
                    "chunk_shape": [INNER[axis] for axis in stored],
                    "codecs": transpose(inner) + codecs,
                    "index_codecs": [BYTES, {"name": "crc32c"}],
                    "index_location": "start" if outer else "end",
                },
            }
        ]
    array = tensorstore.open(
        {
            "driver": "zarr3",
            "kvstore": {"driver": "file", "path": str(folder / "array.zarr")},
            "metadata": {
                "shape": shape,
                "data_type": dtype,
                "chunk_grid": {
                    "name": "regular",
                    "configuration": {"chunk_shape": [SHARD[axis] for axis in axes]},
                },
                "codecs": transpose(outer) + codecs,
                "dimension_names": list(axes),
            },
        },
        create=True,
    ).result()
    data = values(dtype, shape)
    array.write(data).result()
    ordered = np.transpose(data, [axes.index(axis) for axis in "tczyx" if axis in axes])
    (folder / "expected.bin").write_bytes(np.ascontiguousarray(ordered).tobytes())


def main():
    output = Path(__file__).resolve().parents[2] / "volumes/golden/tensorstore-0.1.86"
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else output
    for old in output.glob("zarr3-*"):
        shutil.rmtree(old)
    for name, case in CASES.items():
        folder = output / f"zarr3-{name}"
        folder.mkdir(parents=True)
        write(folder, *case)
    print(f"{len(CASES)} cases in {output}")


if __name__ == "__main__":
    main()
