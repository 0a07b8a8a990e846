#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# ///
"""Writes precomputed volumes that must be refused: tools/golden/bad-precomputed.py [FOLDER]

FOLDER is volumes/bad/precomputed where none is given. The test `BadVolumeTests` says which error
each must give.
"""

import copy
import gzip
import json
import shutil
import struct
import sys
from pathlib import Path

SCALE = {
    "key": "s", "size": [4, 4, 4], "voxel_offset": [0, 0, 0], "chunk_sizes": [[4, 4, 4]],
    "resolution": [4, 4, 40], "encoding": "raw",
}
LABELS = {
    "encoding": "compressed_segmentation", "compressed_segmentation_block_size": [4, 4, 4],
}
SHARDING = {
    "@type": "neuroglancer_uint64_sharded_v1", "preshift_bits": 0, "hash": "identity",
    "minishard_bits": 1, "shard_bits": 0, "minishard_index_encoding": "raw",
    "data_encoding": "raw",
}
CHUNK = "0-4_0-4_0-4"


def info(data_type="uint8", channels=1, **scale):
    return {
        "@type": "neuroglancer_multiscale_volume", "type": "image", "data_type": data_type,
        "num_channels": channels, "scales": [SCALE | scale],
    }


def changed(**members):
    return {key: value for key, value in (info() | members).items() if value != "absent"}


def words(*values):
    return struct.pack(f"<{len(values)}I", *values)


def shard(*minishards, payload=b"", sizes=None):
    """A shard of raw minishard indices, each a list of (step, gap, size), after the payload."""
    index, body = b"", payload
    for place, entries in enumerate(minishards):
        start = len(body)
        for column in range(3):
            body += b"".join(struct.pack("<Q", entry[column]) for entry in entries)
        span = sizes[place] if sizes else (start, len(body))
        index += struct.pack("<2Q", *span)
    return index + body


SHARDED = info(size=[8, 4, 4], sharding=SHARDING)
VOXELS = bytes(range(64))
CASES = {
    "not-json": ("{\"@type\": \"neuroglancer_multiscale_volume\"", {}),
    "mesh": ({"@type": "neuroglancer_multilod_draco"}, {}),
    "no-type": (changed(type="absent"), {}),
    "no-scales": (changed(scales=[]), {}),
    "type-of-nowhere": (changed(data_type="float16"), {}),
    "no-channels": (changed(num_channels=0), {}),
    "scale-twice": (changed(scales=[SCALE, SCALE]), {}),
    "key-outside": (info(key="../other/s"), {}),
    "key-absolute": (info(key="/etc"), {}),
    "size-negative": (info(size=[-4, 4, 4]), {}),
    "size-two": (info(size=[4, 4]), {}),
    "size-endless": (info(size=[1 << 40, 1 << 40, 1 << 40]), {}),
    "chunk-endless": (info(size=[1 << 20] * 3, chunk_sizes=[[1 << 20] * 3]), {}),
    "chunk-zero": (info(chunk_sizes=[[4, 0, 4]]), {}),
    "offset-of-half": (info(voxel_offset=[0.5, 0, 0]), {}),
    "resolution-zero": (info(resolution=[4, 0, 40]), {}),
    "encoding-compresso": (info(encoding="compresso"), {}),
    "jpeg-of-labels": (info("uint64", encoding="jpeg"), {}),
    "labels-of-bytes": (info(**LABELS), {}),
    "block-endless": (
        info("uint32", **LABELS | {"compressed_segmentation_block_size": [1 << 12] * 3}), {}),
    "sharding-bits": (info(sharding=SHARDING | {"minishard_bits": 32, "shard_bits": 60}), {}),
    "sharding-unknown": (info(sharding=SHARDING | {"@type": "other"}), {}),
    "raw-short": (info(), {CHUNK: VOXELS[:-1]}),
    "raw-long": (info(), {CHUNK: VOXELS + b"0"}),
    "gzip-cut-short": (info(), {CHUNK + ".gz": gzip.compress(VOXELS, mtime=0)[:-9]}),
    "gzip-too-much": (info(), {CHUNK + ".gz": gzip.compress(bytes(1 << 20), mtime=0)}),
    "gzip-not": (info(), {CHUNK + ".gz": VOXELS}),
    "brotli": (info(), {CHUNK + ".br": b"\x0b\x02\x80abc\x03"}),
    "jpeg-not": (info(encoding="jpeg"), {CHUNK: b"\xff\xd8\xff\xe0nothing"}),
    "labels-empty": (info("uint32", **LABELS), {CHUNK: b""}),
    "labels-no-words": (info("uint32", **LABELS), {CHUNK: b"\1\0\0"}),
    "labels-channel": (info("uint32", **LABELS), {CHUNK: words(1 << 31, 0, 0)}),
    "labels-headers": (info("uint32", **LABELS), {CHUNK: words(1, 2)}),
    "labels-bits": (info("uint32", **LABELS), {CHUNK: words(1, 3 << 24 | 2, 2, 5, 7)}),
    "labels-table": (info("uint32", **LABELS), {CHUNK: words(1, 0xFFFFFF, 2, 5)}),
    "labels-table-cut": (info("uint64", **LABELS), {CHUNK: words(1, 2, 2, 5)}),
    "labels-indices": (
        info("uint32", **LABELS), {CHUNK: words(1, 1 << 24 | 2, 0xFFFFFFFF, 5, 7)}),
    "labels-index": (
        info("uint32", **LABELS), {CHUNK: words(1, 2 << 24 | 6, 2, *[0xFFFFFFFF] * 4, 5)}),
    "shard-short": (SHARDED, {"0.shard": b"1234"}),
    "shard-old": (SHARDED, {"0.index": bytes(32), "0.data": b""}),
    "shard-index-outside": (
        SHARDED, {"0.shard": shard([], [], sizes=[(0, 1 << 60), (0, 0)])}),
    "shard-index-backwards": (SHARDED, {"0.shard": shard([], [], sizes=[(24, 0), (0, 0)])}),
    "shard-index-odd": (
        SHARDED, {"0.shard": shard([], [], payload=bytes(30), sizes=[(0, 23), (0, 0)])}),
    "shard-too-many": (
        SHARDED, {"0.shard": shard([(1, 0, 0)] * 40, [])}),
    "shard-chunk-outside": (SHARDED, {"0.shard": shard([(0, 1 << 62, 64)], [])}),
    "shard-size-endless": (SHARDED, {"0.shard": shard([(0, 8, (1 << 64) - 4)], [])}),
    "shard-overlap": (
        info(size=[12, 4, 4], sharding=SHARDING),
        {"0.shard": shard([(0, 0, 64), (2, (1 << 64) - 32, 64)], [], payload=VOXELS * 2)}),
    "shard-order": (
        info(size=[12, 4, 4], sharding=SHARDING),
        {"0.shard": shard([(2, 0, 64), (0, 0, 64)], [], payload=VOXELS * 2)}),
    "shard-wrong-part": (
        SHARDED, {"0.shard": shard([(1, 0, 64)], [], payload=VOXELS)}),
    "shard-gzip-not": (
        info(size=[8, 4, 4], sharding=SHARDING | {"data_encoding": "gzip"}),
        {"0.shard": shard([(0, 0, 64)], [], payload=VOXELS)}),
}


def main():
    output = Path(sys.argv[1] if len(sys.argv) > 1 else "volumes/bad/precomputed")
    shutil.rmtree(output, ignore_errors=True)
    for name, (description, files) in CASES.items():
        folder = output / name
        (folder / "s").mkdir(parents=True)
        text = description if isinstance(description, str) else json.dumps(copy.copy(description))
        (folder / "info").write_text(text + "\n")
        for key, contents in files.items():
            (folder / "s" / key).write_bytes(contents)


if __name__ == "__main__":
    main()
