#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "zarr==3.1.6", "numcodecs==0.16.6", "tensorstore==0.1.86"]
# ///
"""Writes small Zarr v2 arrays and OME-Zarr images with zarr-python and tensorstore.

    tools/golden/zarr2.py [OUTPUT]        default: volumes/golden

Each case is a folder with the store (`array.zarr` or `image.zarr`) and the values of its finest
level as raw little-endian bytes in C order (`expected.bin`); images have their levels' voxel sizes
and offsets in `expected.json`. Same versions and seed give same files.
"""

import json
import shutil
import sys
from pathlib import Path

# This file lies beside one that is called as the package it uses: look for packages elsewhere.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).parent]

import numcodecs
import numpy as np
import tensorstore
import zarr

SHAPE = (4, 7, 9)
CHUNK = (3, 7, 5)


def values(dtype, shape=SHAPE, seed=1):
    """Smooth in parts, random in others; 64-bit labels are above 2^40."""
    generator = np.random.default_rng(seed)
    dtype = np.dtype(dtype).newbyteorder("=")
    if dtype.kind == "b":
        data = generator.integers(0, 2, size=shape).astype(bool)
    elif dtype.kind == "f":
        data = generator.normal(size=shape).astype(dtype)
    else:
        info = np.iinfo(dtype)
        data = generator.integers(info.min, info.max, size=shape, dtype=dtype, endpoint=True)
    data[..., : shape[-1] // 2] = 1 if dtype.kind == "b" else 7
    data[..., 0] = 0
    return data


def save(folder, data):
    little = data.astype(data.dtype.newbyteorder("<"))
    (folder / "expected.bin").write_bytes(np.ascontiguousarray(little).tobytes())


CASES = {}
for name in "u1 u2 u4 u8 i1 i2 i4 i8 f4 f8".split():
    CASES[f"{name}-zlib"] = dict(dtype=f"<{name}", compressor=numcodecs.Zlib(level=1))
    if name[1] != "1":
        CASES[f"{name}-big-endian"] = dict(dtype=f">{name}", compressor=numcodecs.Zlib(level=1))
CASES |= {
    "b1-raw": dict(dtype="|b1", compressor=None, fill=False),
    "f2-gzip": dict(dtype="<f2", compressor=numcodecs.GZip(level=5)),
    "u2-raw": dict(dtype="<u2", compressor=None),
    "u4-gzip": dict(dtype="<u4", compressor=numcodecs.GZip(level=9)),
    "u8-zstd": dict(dtype="<u8", compressor=numcodecs.Zstd(level=3)),
    "u8-zstd-checksum": dict(dtype="<u8", compressor=numcodecs.Zstd(level=3, checksum=True)),
    "u8-order-f": dict(dtype="<u8", compressor=numcodecs.Zstd(level=1), order="F"),
    "i2-order-f-big-endian": dict(dtype=">i2", compressor=None, order="F"),
    "u1-slashes": dict(dtype="|u1", compressor=numcodecs.Zlib(level=9), separator="/"),
    "u8-slashes-order-f": dict(dtype="<u8", compressor=None, separator="/", order="F"),
    "u4-fill-null": dict(dtype="<u4", compressor=None, fill=None, hole=True),
    "u8-fill-large": dict(dtype="<u8", compressor=None, fill=2**63 + 5, hole=True),
    "i4-fill-negative": dict(dtype="<i4", compressor=None, fill=-3, hole=True),
    "f4-fill-nan": dict(dtype="<f4", compressor=None, fill=float("nan"), hole=True),
    "f8-fill-infinity": dict(dtype="<f8", compressor=None, fill=float("-inf"), hole=True),
    "f4-channels": dict(dtype="<f4", compressor=numcodecs.Zlib(), shape=(3, *SHAPE), chunk=(2, *CHUNK)),
    "u2-channels-order-f": dict(
        dtype="<u2", compressor=numcodecs.Zlib(), shape=(3, *SHAPE), chunk=(2, *CHUNK), order="F"),
    "u1-section": dict(dtype="|u1", compressor=numcodecs.Zlib(), shape=SHAPE[1:], chunk=CHUNK[1:]),
    "u2-five-axes": dict(
        dtype="<u2", compressor=numcodecs.Zlib(), shape=(2, 3, *SHAPE), chunk=(1, 2, *CHUNK),
        separator="/"),
    "u2-xarray-axes": dict(
        dtype="<u2", compressor=numcodecs.Zlib(), attributes={"_ARRAY_DIMENSIONS": ["x", "y", "z"]},
        transpose=(2, 1, 0)),
}
for cname in "blosclz lz4 lz4hc zlib zstd".split():
    CASES[f"u4-blosc-{cname}"] = dict(
        dtype="<u4", compressor=numcodecs.Blosc(cname=cname, clevel=5, shuffle=1))
CASES["u8-blosc-bitshuffle"] = dict(
    dtype="<u8", compressor=numcodecs.Blosc(cname="lz4", clevel=9, shuffle=2))
CASES["u1-blosc-noshuffle"] = dict(
    dtype="|u1", compressor=numcodecs.Blosc(cname="lz4", clevel=5, shuffle=0))
CASES["u2-blosc-autoshuffle"] = dict(
    dtype="<u2", compressor=numcodecs.Blosc(cname="lz4", clevel=5, shuffle=-1))


def write(folder, dtype, compressor, shape=SHAPE, chunk=CHUNK, fill=0, hole=False, order="C",
          separator=".", attributes=None, transpose=None):
    data = values(dtype, shape)
    if hole:
        data[..., :3, :, :5] = 0 if fill is None else fill
    stored = data if transpose is None else data.transpose(transpose)
    array = zarr.create(
        store=folder / "array.zarr", shape=stored.shape,
        chunks=chunk if transpose is None else tuple(chunk[axis] for axis in transpose),
        dtype=dtype, compressor=compressor, fill_value=fill, order=order,
        dimension_separator=separator, zarr_format=2, attributes=attributes or {},
        config={"write_empty_chunks": False})
    array[...] = stored
    if hole and fill is None:
        # zarr-python writes every chunk of an array without a fill value.
        (folder / "array.zarr" / "0.0.0").unlink(missing_ok=True)
    save(folder, data)


def write_tensorstore(folder, dtype, order, separator, compressor):
    data = values(dtype)
    store = tensorstore.open({
        "driver": "zarr", "kvstore": {"driver": "file", "path": str(folder / "array.zarr")},
        "metadata": {
            "shape": SHAPE, "chunks": CHUNK, "dtype": dtype, "order": order, "fill_value": None,
            "compressor": compressor, "dimension_separator": separator, "filters": None}},
        create=True).result()
    store[...] = data.astype(store.dtype.numpy_dtype)
    save(folder, data)


TENSORSTORE = {
    "zarr2-u8-c-dots": ("<u8", "C", ".", {"id": "zlib", "level": 5}),
    "zarr2-u8-f-slashes": (">u8", "F", "/", {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": -1}),
    "zarr2-f4-zstd": ("<f4", "C", "/", {"id": "zstd", "level": 3}),
    "zarr2-u1-raw": ("|u1", "C", ".", None),
}


def space(unit="nanometer"):
    return [{"name": name, "type": "space"} | ({"unit": unit} if unit else {}) for name in "zyx"]


def scaled(path, scale, translation=None):
    transformations = [{"type": "scale", "scale": scale}]
    if translation:
        transformations.append({"type": "translation", "translation": translation})
    return {"path": path, "coordinateTransformations": transformations}


def level(size, offset, unit="nanometer"):
    return {"voxelSize": size, "offset": offset, "unit": unit}


LEVELS = [scaled("0", [40.0, 4.0, 4.0]), scaled("1", [40.0, 8.0, 8.0], [0.0, 2.0, 2.0])]
TWO_LEVELS = [level([40, 4, 4], [0, 0, 0]), level([40, 8, 8], [0, 2, 2])]
IMAGES = {
    "image-0.4": (
        {"version": "0.4", "name": "raw", "axes": space(), "datasets": LEVELS, "type": "mean"},
        SHAPE, TWO_LEVELS, False),
    "image-0.4-channels": (
        {"version": "0.4", "axes": [{"name": "c", "type": "channel"}, *space("micrometer")],
         "datasets": [scaled("0", [1.0, 0.5, 0.25, 0.125])]},
        (2, *SHAPE), [level([0.5, 0.25, 0.125], [0, 0, 0], "micrometer")], False),
    "image-0.4-five-axes": (
        {"version": "0.4",
         "axes": [{"name": "t", "type": "time", "unit": "second"}, {"name": "c", "type": "channel"},
                  *space()],
         "coordinateTransformations": [{"type": "scale", "scale": [0.1, 1.0, 2.0, 2.0, 2.0]}],
         "datasets": [scaled("0", [1.0, 1.0, 20.0, 2.0, 2.0])]},
        (2, 3, *SHAPE), [level([40, 4, 4], [0, 0, 0])], False),
    "image-0.4-short-units": (
        {"version": "0.4", "axes": space("nm"), "datasets": LEVELS}, SHAPE, TWO_LEVELS, False),
    "image-0.4-untyped-axes": (
        {"version": "0.4", "axes": [{"name": name, "unit": "nanometer"} for name in "zyx"],
         "datasets": LEVELS}, SHAPE, TWO_LEVELS, False),
    "image-0.4-no-units": (
        {"version": "0.4", "axes": space(None), "datasets": LEVELS}, SHAPE, None, True),
    "image-0.3": (
        {"version": "0.3", "axes": ["z", "y", "x"],
         "datasets": [{"path": "0"}, {"path": "1"}]}, SHAPE, None, True),
    "image-0.1": (
        {"version": "0.1", "name": "old", "datasets": [{"path": "0"}]}, (2, 3, *SHAPE), None, True),
    "image-unversioned": (
        {"datasets": [{"path": "scale0/image"}]}, (1, 1, *SHAPE), None, True),
}


def write_image(folder, multiscale, shape, expected, has_notes, labels=False):
    data = values("<u2", shape)
    group = zarr.create_group(store=folder / "image.zarr", zarr_format=2)
    group.attrs["multiscales"] = [multiscale]
    for index, dataset in enumerate(multiscale["datasets"]):
        factor = 2**index
        part = data[..., ::factor, ::factor]
        array = group.create_array(
            dataset["path"], shape=part.shape, dtype=part.dtype,
            chunks=(1,) * (len(shape) - 3) + CHUNK, compressors=numcodecs.Blosc(cname="lz4"),
            chunk_key_encoding={"name": "v2", "separator": "/"})
        array[...] = part
    if labels:
        group = zarr.create_group(store=folder / "image.zarr/labels", zarr_format=2)
        group.attrs["labels"] = ["cells"]
        cells = group.create_group("cells")
        cells.attrs["multiscales"] = [
            {"version": "0.4", "axes": space(), "datasets": LEVELS[:1], "name": "cells"}]
        cells.attrs["image-label"] = {"version": "0.4", "source": {"image": "../../"}}
        array = cells.create_array(
            "0", shape=SHAPE, dtype="<u8", chunks=CHUNK,
            chunk_key_encoding={"name": "v2", "separator": "/"})
        array[...] = values("<u8")
        (folder / "labels.bin").write_bytes(values("<u8").tobytes())
    save(folder, data)
    text = json.dumps({"levels": expected, "hasNotes": has_notes}, indent=1)
    (folder / "expected.json").write_text(text + "\n")


def emptied(folder):
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def main():
    root = Path(__file__).resolve().parents[2]
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else root / "volumes/golden"
    peer = emptied(output / f"zarr-python-{zarr.__version__}-v2")
    for name, case in CASES.items():
        write(emptied(peer / name), **case)
    for name, case in IMAGES.items():
        write_image(emptied(peer / name), *case, labels=name == "image-0.4")
    for name, case in TENSORSTORE.items():
        write_tensorstore(emptied(output / "tensorstore-0.1.86" / name), *case)
    print(f"{len(CASES)} arrays, {len(IMAGES)} images, {len(TENSORSTORE)} of tensorstore")


if __name__ == "__main__":
    main()
