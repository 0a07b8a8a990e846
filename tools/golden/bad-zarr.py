#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = []
# ///
"""Writes the Zarr stores that must be refused: tools/golden/bad-zarr.py [OUTPUT]

Each case is a folder `NAME.CODE` with a store; CODE is the kind of error it must give. Stores whose
name starts with `chunk-` open, and reading them fails.
"""

import copy
import json
import shutil
import struct
import sys
from pathlib import Path

ARRAY = {
    "zarr_format": 3,
    "node_type": "array",
    "shape": [4, 4, 4],
    "data_type": "uint8",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4, 4, 4]}},
    "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
    "fill_value": 0,
    "codecs": [{"name": "bytes"}],
    "attributes": {},
    "dimension_names": ["z", "y", "x"],
}
LITTLE = {"name": "bytes", "configuration": {"endian": "little"}}
SHARDED = {
    "name": "sharding_indexed",
    "configuration": {
        "chunk_shape": [2, 4, 4],
        "codecs": [{"name": "bytes"}],
        "index_codecs": [LITTLE],
        "index_location": "end",
    },
}
GROUP = {
    "zarr_format": 3,
    "node_type": "group",
    "attributes": {
        "ome": {
            "version": "0.5",
            "multiscales": [
                {
                    "axes": [
                        {"name": name, "type": "space", "unit": "nanometer"} for name in "zyx"
                    ],
                    "datasets": [
                        {
                            "path": "0",
                            "coordinateTransformations": [{"type": "scale", "scale": [40, 4, 4]}],
                        }
                    ],
                }
            ],
        }
    },
}


def changed(base, changes):
    """The document with members, named by paths, replaced; a value of ... removes the member."""
    result = copy.deepcopy(base)
    for path, value in changes.items():
        *parents, last = path.split("/")
        node = result
        for name in parents:
            node = node[int(name) if isinstance(node, list) else name]
        last = int(last) if isinstance(node, list) else last
        if value is ...:
            del node[last]
        else:
            node[last] = value
    return json.dumps(result)


def array(**changes):
    return changed(ARRAY, {key.replace("__", "/"): value for key, value in changes.items()})


def codecs(*list_):
    return array(codecs=list(list_))


def sharded(**configuration):
    codec = copy.deepcopy(SHARDED)
    codec["configuration"] |= configuration
    return array(codecs=[codec])


def image(**changes):
    base = "attributes/ome/multiscales/0/"
    return changed(GROUP, {base + key.replace("__", "/"): value for key, value in changes.items()})


CHUNK_SHAPE = "chunk_grid__configuration__chunk_shape"
SCALE = "datasets__0__coordinateTransformations__0__scale"
BAD, LIMIT, NOT_YET = "malformedMetadata", "limitExceeded", "unsupportedFeature"
METADATA = {
    "empty": (BAD, ""),
    "no-json": (BAD, "{'zarr_format': 3}"),
    "cut-short": (BAD, array()[:-20]),
    "trailing-text": (BAD, array() + "x"),
    "list": (BAD, "[]"),
    "deep": (BAD, "[" * 100_000),
    "deep-attributes": (BAD, array().replace('"attributes": {}', '"attributes": ' + '{"a":' * 5000 + "1" + "}" * 5000)),
    "duplicate-member": (BAD, array().replace('"shape"', '"shape": [9, 9, 9], "shape"')),
    "not-utf-8": (BAD, array().encode().replace(b'"uint8"', b'"uint\xff"')),
    "nan-literal": (BAD, array().replace('"fill_value": 0', '"fill_value": NaN')),
    "format-2": (NOT_YET, array(zarr_format=2)),
    "format-4": (BAD, array(zarr_format=4)),
    "no-shape": (BAD, array(shape=...)),
    "shape-zero": (BAD, array(shape=[4, 0, 4])),
    "shape-negative": (BAD, array(shape=[4, -1, 4])),
    "shape-2e31-negative": (BAD, array(shape=[4, -(2**31), 4])),
    "shape-2e63": (BAD, array(shape=[2**63, 4, 4])),
    "shape-fraction": (BAD, array(shape=[4, 4.5, 4])),
    "shape-text": (BAD, array(shape=["4", 4, 4])),
    "shape-overflow": (LIMIT, array(shape=[2**40, 2**40, 2**40])),
    "rank-0": (NOT_YET, array(shape=[], dimension_names=..., **{CHUNK_SHAPE: []})),
    "rank-1": (NOT_YET, array(shape=[4], dimension_names=..., **{CHUNK_SHAPE: [4]})),
    "rank-33": (BAD, array(shape=[1] * 33, dimension_names=..., **{CHUNK_SHAPE: [1] * 33})),
    "grid-rank": (BAD, array(**{CHUNK_SHAPE: [4, 4]})),
    "grid-zero": (BAD, array(**{CHUNK_SHAPE: [4, 0, 4]})),
    "grid-huge": (LIMIT, array(**{CHUNK_SHAPE: [2048, 2048, 2048]})),
    "grid-overflow": (LIMIT, array(**{CHUNK_SHAPE: [2**40, 2**40, 2**40]})),
    "grid-unknown": (NOT_YET, array(chunk_grid__name="rectilinear")),
    "grid-member": (BAD, array(chunk_grid__configuration__extra=1)),
    "type-unknown": (NOT_YET, array(data_type="complex64")),
    "type-object": (NOT_YET, array(data_type={"name": "numpy.datetime64", "configuration": {}})),
    "type-missing": (BAD, array(data_type=...)),
    "fill-missing": (BAD, array(fill_value=...)),
    "fill-too-large": (BAD, array(fill_value=256)),
    "fill-text": (BAD, array(fill_value="NaN")),
    "fill-list": (BAD, array(fill_value=[0])),
    "keys-unknown": (NOT_YET, array(chunk_key_encoding__name="fancy")),
    "keys-separator": (BAD, array(chunk_key_encoding__configuration__separator="../")),
    "must-understand": (NOT_YET, array(extra={"name": "x"})),
    "transformers": (NOT_YET, array(storage_transformers=[{"name": "x"}])),
    "attributes-list": (BAD, array(attributes=[])),
    "axes-twice": (NOT_YET, array(dimension_names=["x", "y", "x"])),
    "axes-names": (NOT_YET, array(dimension_names=["dim_0", "dim_1", "dim_2"])),
    "axes-no-y": (NOT_YET, array(dimension_names=["t", "z", "x"])),
    "axes-count": (BAD, array(dimension_names=["z", "y"])),
    "codecs-none": (BAD, codecs()),
    "codecs-missing": (BAD, array(codecs=...)),
    "codecs-many": (BAD, codecs({"name": "bytes"}, *[{"name": "crc32c"}] * 1000)),
    "codec-unknown": (NOT_YET, codecs({"name": "bytes"}, {"name": "lzma"})),
    "codec-nameless": (BAD, codecs({"configuration": {}})),
    "codec-order": (BAD, codecs({"name": "crc32c"}, {"name": "bytes"})),
    "codec-twice": (BAD, codecs({"name": "bytes"}, {"name": "bytes"})),
    "codec-no-bytes": (BAD, codecs({"name": "zstd", "configuration": {"level": 3}})),
    "codec-endian": (BAD, array(data_type="uint16", codecs=[{"name": "bytes"}])),
    "codec-level": (BAD, codecs({"name": "bytes"}, {"name": "gzip", "configuration": {"level": 10}})),
    "codec-zstd-level": (BAD, codecs({"name": "bytes"}, {"name": "zstd", "configuration": {"level": 2**40}})),
    "codec-member": (BAD, codecs({"name": "bytes"}, {"name": "crc32c", "configuration": {"a": 1}})),
    "codec-blosc": (BAD, codecs({"name": "bytes"}, {"name": "blosc", "configuration": {"cname": "rar"}})),
    "transpose-order": (BAD, codecs({"name": "transpose", "configuration": {"order": [0, 0, 2]}}, {"name": "bytes"})),
    "shard-divides": (BAD, sharded(chunk_shape=[3, 4, 4])),
    "shard-zero": (BAD, sharded(chunk_shape=[0, 4, 4])),
    "shard-rank": (BAD, sharded(chunk_shape=[2, 4])),
    "shard-many": (LIMIT, array(codecs=json.loads(sharded(chunk_shape=[1, 1, 1]))["codecs"], **{CHUNK_SHAPE: [4096, 4096, 4096]})),
    "shard-nested": (NOT_YET, sharded(codecs=[SHARDED])),
    "shard-index-codec": (NOT_YET, sharded(index_codecs=[LITTLE, {"name": "gzip", "configuration": {"level": 1}}])),
    "shard-location": (BAD, sharded(index_location="middle")),
    "shard-wrapped": (NOT_YET, codecs(SHARDED, {"name": "crc32c"})),
    "group-no-ome": (BAD, changed(GROUP, {"attributes/ome": ...})),
    "group-version": (NOT_YET, changed(GROUP, {"attributes/ome/version": "0.4"})),
    "group-no-multiscales": (BAD, changed(GROUP, {"attributes/ome/multiscales": []})),
    "group-member": (NOT_YET, changed(GROUP, {"codecs": []})),
    "image-scale-zero": (BAD, image(**{SCALE: [0, 4, 4]})),
    "image-scale-negative": (BAD, image(**{SCALE: [40, -4, 4]})),
    "image-scale-nan": (BAD, image(**{SCALE: [40, "NaN", 4]})),
    "image-scale-infinite": (BAD, image().replace("[40, 4, 4]", "[40, 1e999, 4]")),
    "image-scale-rank": (BAD, image(**{SCALE: [4, 4]})),
    "image-scale-missing": (BAD, image(datasets__0__coordinateTransformations=...)),
    "image-axes-twice": (BAD, image(axes__0__name="x")),
    "image-axes-type": (BAD, image(axes__0__type="time")),
    "image-axes-two-channels": (
        NOT_YET, image(axes__0={"name": "c", "type": "channel"}, axes__1={"name": "d", "type": "channel"})
    ),
    "image-axes-no-space": (NOT_YET, image(axes__2={"name": "t", "type": "time"})),
    "image-axes-one": (BAD, image(axes=[{"name": "z", "type": "space"}])),
    "image-unit": (NOT_YET, image(axes__0__unit="parsec", axes__1__unit="parsec", axes__2__unit="parsec")),
    "image-units-some": (BAD, image(axes__0__unit=...)),
    "image-no-levels": (BAD, image(datasets=[])),
    "image-path-up": (BAD, image(datasets__0__path="../0")),
    "image-path-absolute": (BAD, image(datasets__0__path="/etc")),
    "image-path-newline": (BAD, image(datasets__0__path="0\n")),
    "image-level-missing": ("notFound", image()),
}


def chunk(data, document=None):
    return document or array(), {"c/0/0/0": data}


def index(*numbers):
    return struct.pack(f"<{len(numbers)}Q", *numbers)


NONE = 2**64 - 1
CHUNKS = {
    "chunk-short": chunk(b"\1" * 63),
    "chunk-long": chunk(b"\1" * 65),
    "chunk-no-file": chunk(b""),
    "chunk-shard-short": chunk(b"\1" * 31, sharded()),
    "chunk-shard-beyond": chunk(b"\1" * 32 + index(0, 32, 40, 32), sharded()),
    "chunk-shard-in-index": chunk(b"\1" * 32 + index(8, 32, NONE, NONE), sharded()),
    "chunk-shard-overflow": chunk(b"\1" * 64 + index(NONE - 8, 32, 0, 32), sharded()),
    "chunk-shard-huge": chunk(b"\1" * 64 + index(0, 2**62, 32, 32), sharded()),
    "chunk-shard-overlap": chunk(b"\1" * 64 + index(0, 32, 16, 32), sharded()),
    "chunk-shard-index-crc": chunk(
        b"\1" * 64 + index(0, 32, 32, 32) + b"\0" * 4,
        sharded(index_codecs=[LITTLE, {"name": "crc32c"}]),
    ),
}


def bombs():
    """Small files that decode, or say that they decode, to far more than a chunk."""
    import gzip
    import zlib

    gzip_codec = codecs({"name": "bytes"}, {"name": "gzip", "configuration": {"level": 5}})
    zstd_codec = codecs({"name": "bytes"}, {"name": "zstd", "configuration": {"level": 3}})
    blosc_codec = codecs(
        {"name": "bytes"},
        {"name": "blosc", "configuration": {"cname": "lz4", "clevel": 5, "shuffle": "noshuffle"}},
    )
    packed = gzip.compress(b"\0" * 20_000_000, 9, mtime=0)
    # A zstd frame of one segment whose header declares 2^60 bytes, then an empty last block.
    zstd = b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", 2**60) + b"\x01\x00\x00"
    # A zstd frame without a size: 150 blocks that each repeat one byte 128 KiB times.
    block = struct.pack("<I", (2**17 << 3) | 2)[:3] + b"\0"
    last = struct.pack("<I", (2**17 << 3) | 3)[:3] + b"\0"
    undeclared = b"\x28\xb5\x2f\xfd\x00\x58" + block * 150 + last
    blosc = struct.pack("<BBBBIII", 2, 1, 0x20, 1, 2**31 - 20, 2**31 - 20, 24) + b"\0" * 8
    return {
        "chunk-bomb-gzip": chunk(packed, gzip_codec),
        "chunk-bomb-gzip-trailing": chunk(gzip.compress(b"\1" * 64, mtime=0) + b"junk", gzip_codec),
        "chunk-bomb-zstd-declared": chunk(zstd, zstd_codec),
        "chunk-bomb-zstd-undeclared": chunk(undeclared, zstd_codec),
        "chunk-bomb-blosc": chunk(blosc, blosc_codec),
        "chunk-zlib-for-gzip": chunk(zlib.compress(b"\1" * 64), gzip_codec),
    }


def main():
    root = Path(__file__).resolve().parents[2]
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else root / "volumes/bad/zarr"
    if output.exists():
        shutil.rmtree(output)
    for name, (code, text) in METADATA.items():
        folder = output / f"{name}.{code}"
        folder.mkdir(parents=True)
        data = text if isinstance(text, bytes) else text.encode()
        (folder / "zarr.json").write_bytes(data)
    for name, (text, files) in (CHUNKS | bombs()).items():
        folder = output / f"{name}.corruptChunk"
        folder.mkdir(parents=True)
        (folder / "zarr.json").write_text(text)
        for key, data in files.items():
            (folder / key).parent.mkdir(parents=True, exist_ok=True)
            (folder / key).write_bytes(data)
    print(f"{len(list(output.iterdir()))} cases in {output}")


if __name__ == "__main__":
    main()
