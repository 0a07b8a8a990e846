#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "numpy==2.4.6", "tensorstore==0.1.86", "cloud-volume==12.15.2",
#   "compressed-segmentation==2.3.3", "simplejpeg==1.9.0",
# ]
# ///
"""Writes small precomputed volumes with tensorstore and cloud-volume for the store's tests.

    tools/golden/precomputed.py [FOLDER]        default: volumes/golden

Each case is a folder with the volume (`volume`) and, for each of its scales, the values as another
reader gives them: raw little-endian bytes, x fastest, then y, z and channel (`KEY.bin`).
SHA256SUMS lists every file. Same versions and seed give same files.
"""

import hashlib
import shutil
import sys
from pathlib import Path

# This file is called as the package it uses: look for packages elsewhere than here.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).parent]

import numpy as np
import tensorstore as ts
from cloudvolume import CloudVolume

# x, y, z: no multiple of the chunk along any axis.
SIZE = (27, 22, 13)
CHUNK = (16, 12, 8)
SMALL_CHUNK = (8, 8, 4)
OFFSET = (-5, 16, 1000)
RESOLUTION = (4, 4, 40)


def image(dtype, channels=1, size=SIZE, seed=1):
    """Smooth values with noise, (x, y, z, channel)."""
    generator = np.random.default_rng(seed)
    x, y, z, c = np.meshgrid(*map(np.arange, (*size, channels)), indexing="ij")
    smooth = 100 + 60 * np.sin(x / 5 + c) * np.cos(y / 7) + 10 * np.sin(z)
    values = smooth + generator.normal(scale=4, size=smooth.shape)
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return values.astype(dtype)
    info = np.iinfo(dtype)
    if dtype.itemsize > 1:
        values = values * (info.max // 256)
    if dtype.kind == "i":
        values = values - info.max // 2
    return np.clip(values, info.min, info.max).astype(dtype)


def labels(dtype, channels=1, size=SIZE, seed=2):
    """Objects with large numbers, background, and a corner where every voxel is another."""
    generator = np.random.default_rng(seed)
    points = generator.uniform(size=(40, 3)) * size
    grid = np.stack(np.meshgrid(*map(np.arange, size), indexing="ij"), axis=-1)
    nearest = np.argmin(((grid[..., None, :] - points) ** 2).sum(-1), axis=-1)
    top = np.iinfo(dtype).max
    numbers = generator.integers(1, top, size=40, dtype=dtype, endpoint=True)
    numbers[:10] = 0
    values = numbers[nearest]
    values[:9, :9, :5] = generator.integers(0, top, size=(9, 9, 5), dtype=dtype)
    values[10:20, :, :] = numbers[11]
    return np.stack([np.roll(values, c, axis=0) for c in range(channels)], axis=-1)


def sharding(hash_name, preshift, minishard, shard, encoding="gzip", data="gzip"):
    return {
        "@type": "neuroglancer_uint64_sharded_v1",
        "preshift_bits": preshift,
        "hash": hash_name,
        "minishard_bits": minishard,
        "shard_bits": shard,
        "minishard_index_encoding": encoding,
        "data_encoding": data,
    }


IDENTITY = sharding("identity", 2, 1, 4)
MURMUR = sharding("murmurhash3_x86_128", 1, 2, 2)
PLAIN = sharding("identity", 0, 3, 3, "raw", "raw")

# name: (type, values, encoding members, sharding)
CASES = {}
for name in "uint8 int8 int32 uint64 float32".split():
    CASES[f"raw-{name}"] = ("image", image(name), {"encoding": "raw"}, None)
CASES |= {
    "raw-channels": ("image", image("uint16", 3), {"encoding": "raw"}, None),
    "raw-identity": ("image", image("uint8"), {"encoding": "raw"}, IDENTITY),
    "raw-murmur": ("image", image("float32"), {"encoding": "raw"}, MURMUR),
    "raw-plain-shards": ("image", image("uint16", 2), {"encoding": "raw"}, PLAIN),
    "jpeg": ("image", image("uint8"), {"encoding": "jpeg", "jpeg_quality": 90}, None),
    "jpeg-colour": ("image", image("uint8", 3), {"encoding": "jpeg", "jpeg_quality": 95}, None),
    "jpeg-identity": (
        "image", image("uint8"), {"encoding": "jpeg"},
        IDENTITY | {"data_encoding": "raw"},
    ),
}
for name in ("uint32", "uint64"):
    for part, how in {"": None, "-identity": IDENTITY, "-murmur": MURMUR}.items():
        CASES[f"cseg-{name}{part}"] = (
            "segmentation", labels(name),
            {"encoding": "compressed_segmentation",
             "compressed_segmentation_block_size": [8, 8, 8]}, how,
        )
CASES["cseg-odd-blocks"] = (
    "segmentation", labels("uint64"),
    {"encoding": "compressed_segmentation", "compressed_segmentation_block_size": [5, 3, 2]}, None,
)
CASES["cseg-channels"] = (
    "image", labels("uint32", 2),
    {"encoding": "compressed_segmentation", "compressed_segmentation_block_size": [8, 4, 4]}, None,
)


def write(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(np.ascontiguousarray(values.T).tobytes())


def tensorstore_case(folder, kind, values, members, how):
    """Two scales, the second of every other voxel."""
    shutil.rmtree(folder, ignore_errors=True)
    for scale, step in enumerate((1, 2)):
        part = values[::step, ::step, ::step]
        metadata = {
            "resolution": [step * length for length in RESOLUTION],
            "size": part.shape[:3],
            "voxel_offset": [start // step for start in OFFSET],
            "chunk_size": SMALL_CHUNK if how else CHUNK,
            "key": f"s{scale}",
        }
        metadata |= members
        if how:
            metadata["sharding"] = how
        spec = {
            "driver": "neuroglancer_precomputed",
            "kvstore": {"driver": "file", "path": f"{folder}/volume/"},
            "scale_metadata": metadata,
        }
        spec["multiscale_metadata"] = {
            "type": kind, "data_type": values.dtype.name, "num_channels": values.shape[3],
        }
        store = ts.open(spec, create=True).result()
        with ts.Transaction() as transaction:
            store.with_transaction(transaction)[...] = part
        opened = ts.open(
            {"driver": spec["driver"], "kvstore": spec["kvstore"], "scale_index": scale},
            read=True,
        ).result()
        write(folder / f"s{scale}.bin", opened.read().result())


# name: (kind, values, encoding, compression of the files)
CLOUD = {
    "gzip-files": ("image", image("uint8"), "raw", "gzip"),
    "plain-files": ("image", image("uint16"), "raw", False),
    "zstd-files": ("image", image("uint16"), "raw", "zstd"),
    "cseg-gzip-files": ("segmentation", labels("uint64"), "compressed_segmentation", "gzip"),
    "jpeg": ("image", image("uint8"), "jpeg", False),
}


def cloud_case(folder, kind, values, encoding, compression):
    shutil.rmtree(folder, ignore_errors=True)
    offset = tuple(abs(start) for start in OFFSET)
    info = CloudVolume.create_new_info(
        num_channels=values.shape[3], layer_type=kind, data_type=values.dtype.name,
        encoding=encoding, resolution=RESOLUTION, voxel_offset=offset, volume_size=SIZE,
        chunk_size=CHUNK,
    )
    address = f"precomputed://file://{folder.resolve()}/volume"
    volume = CloudVolume(address, info=info, progress=False)
    volume.add_scale((2, 2, 1))
    volume.commit_info()
    for mip, part in enumerate((values, values[::2, ::2, :])):
        level = CloudVolume(
            address, mip=mip, compress=compression, progress=False, fill_missing=True,
            non_aligned_writes=True,
        )
        size = tuple(level.volume_size)
        part = part[: size[0], : size[1], : size[2]]
        start = tuple(level.voxel_offset)
        where = tuple(slice(a, a + n) for a, n in zip(start, part.shape))
        if mip == 1 and name_is_sparse(folder):
            # The first chunk only: the others are not there.
            first = part[: CHUNK[0], : CHUNK[1], : CHUNK[2]]
            level[tuple(slice(a, a + n) for a, n in zip(start, first.shape))] = first
        else:
            level[where] = part
        write(folder / f"{level.key}.bin", np.asarray(level[:]))
    provenance = folder / "volume" / "provenance"
    provenance.unlink(missing_ok=True)


def name_is_sparse(folder):
    return folder.name == "gzip-files"


def main():
    output = Path(sys.argv[1] if len(sys.argv) > 1 else "volumes/golden")
    for peer, cases, make in (
        ("tensorstore-0.1.86", CASES, tensorstore_case),
        ("cloud-volume-12.15.2", CLOUD, cloud_case),
    ):
        base = output / peer / "precomputed"
        for name, case in cases.items():
            make(base / name, *case)
        sums = [
            f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(base)}"
            for path in sorted(base.rglob("*"))
            if path.is_file() and path.name != "SHA256SUMS"
        ]
        (base / "SHA256SUMS").write_text("\n".join(sums) + "\n")


if __name__ == "__main__":
    main()
