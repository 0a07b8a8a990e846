#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = []
# ///
"""Writes the Zarr v2 and N5 stores that must be refused: tools/golden/bad-zarr2-n5.py [OUTPUT]

OUTPUT is volumes/bad where none is given. Each case is a folder `zarr2/NAME.CODE` or `n5/NAME.CODE`
with a store; CODE is the kind of error it must give. Stores whose name starts with `chunk-` open,
and reading them fails.
"""

import gzip
import json
import shutil
import struct
import sys
import zlib
from pathlib import Path

BAD, NOT_YET, LIMIT, DAMAGED = (
    "malformedMetadata", "unsupportedFeature", "limitExceeded", "corruptChunk")

ZARRAY = {
    "zarr_format": 2, "shape": [4, 4, 4], "chunks": [4, 4, 4], "dtype": "|u1", "compressor": None,
    "fill_value": 0, "order": "C", "filters": None, "dimension_separator": ".",
}
N5 = {
    "dimensions": [4, 4, 4], "blockSize": [4, 4, 4], "dataType": "uint8",
    "compression": {"type": "raw"},
}
DEEP = "[" * 5_000 + "]" * 5_000


def changed(base, **changes):
    """The text with members replaced; a value of ... removes the member."""
    members = {name: value for name, value in (base | changes).items() if value is not ...}
    return json.dumps(members)


def array(**changes):
    return {".zarray": changed(ZARRAY, **changes)}


def image(**changes):
    multiscale = {
        "version": "0.4",
        "axes": [{"name": name, "type": "space", "unit": "nanometer"} for name in "zyx"],
        "datasets": [{"path": "0", "coordinateTransformations": [
            {"type": "scale", "scale": [40, 4, 4]}]}],
    }
    return {
        ".zgroup": '{"zarr_format": 2}', "0/.zarray": json.dumps(ZARRAY),
        ".zattrs": json.dumps({"multiscales": [json.loads(changed(multiscale, **changes))]}),
    }


ZARR2 = {
    "empty": (BAD, {".zarray": ""}),
    "not-json": (BAD, {".zarray": "{'shape': []}"}),
    "truncated": (BAD, {".zarray": json.dumps(ZARRAY)[:40]}),
    "deep": (BAD, {".zarray": DEEP}),
    "list": (BAD, {".zarray": "[]"}),
    "twice": (BAD, {".zarray": json.dumps(ZARRAY)[:-1] + ', "shape": [9, 9, 9]}'}),
    "format-1": (BAD, array(zarr_format=1)),
    "format-missing": (BAD, array(zarr_format=...)),
    "shape-missing": (BAD, array(shape=...)),
    "shape-zero": (BAD, array(shape=[4, 0, 4])),
    "shape-negative": (BAD, array(shape=[4, -1, 4])),
    "shape-fraction": (BAD, array(shape=[4, 1.5, 4])),
    "shape-text": (BAD, array(shape="444")),
    "shape-2-63": (BAD, array(shape=[2**63, 4, 4])),
    "shape-overflow": (LIMIT, array(shape=[2**40, 2**40, 2**40])),
    "rank-0": (NOT_YET, array(shape=[], chunks=[])),
    "rank-1": (NOT_YET, array(shape=[4], chunks=[4])),
    "rank-6": (BAD, array(shape=[1] * 6, chunks=[1] * 6)),
    "chunks-missing": (BAD, array(chunks=...)),
    "chunks-zero": (BAD, array(chunks=[4, 4, 0])),
    "chunks-rank": (BAD, array(chunks=[4, 4])),
    "chunks-huge": (LIMIT, array(chunks=[2048, 2048, 2048])),
    "chunks-overflow": (LIMIT, array(chunks=[2**40, 2**40, 2**40])),
    "dtype-missing": (BAD, array(dtype=...)),
    "dtype-complex": (NOT_YET, array(dtype="<c16")),
    "dtype-text": (NOT_YET, array(dtype="<U12")),
    "dtype-record": (NOT_YET, array(dtype=[["a", "<u2"], ["b", "<u2"]])),
    "dtype-orderless": (NOT_YET, array(dtype="u4")),
    "dtype-wide": (NOT_YET, array(dtype="<u99999999999999999999")),
    "dtype-int128": (NOT_YET, array(dtype="<f16")),
    "fill-missing": (BAD, array(fill_value=...)),
    "fill-too-large": (BAD, array(fill_value=256)),
    "fill-text": (BAD, array(fill_value="AAAA")),
    "order-missing": (BAD, array(order=...)),
    "order-unknown": (BAD, array(order="K")),
    "separator": (BAD, array(dimension_separator="../")),
    "filter-delta": (NOT_YET, array(filters=[{"id": "delta", "dtype": "|u1"}])),
    "filter-scale": (NOT_YET, array(filters=[{"id": "fixedscaleoffset", "scale": 10, "offset": 0}])),
    "filter-text": (NOT_YET, array(filters="delta")),
    "compressor-lzma": (NOT_YET, array(compressor={"id": "lzma", "preset": 1})),
    "compressor-bz2": (NOT_YET, array(compressor={"id": "bz2", "level": 1})),
    "compressor-lz4": (NOT_YET, array(compressor={"id": "lz4", "acceleration": 1})),
    "compressor-nameless": (BAD, array(compressor={"level": 1})),
    "compressor-level": (BAD, array(compressor={"id": "zlib", "level": 10})),
    "compressor-rar": (BAD, array(compressor={"id": "blosc", "cname": "rar", "clevel": 5, "shuffle": 1})),
    "compressor-shuffle": (BAD, array(compressor={"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 3})),
    "attributes-not-json": (BAD, array() | {".zattrs": "{"}),
    "axes-unknown": (NOT_YET, array() | {".zattrs": '{"_ARRAY_DIMENSIONS": ["lat", "lon", "height"]}'}),
    "group-format": (BAD, {".zgroup": '{"zarr_format": 7}'}),
    "group-empty": ("notFound", {".zgroup": '{"zarr_format": 2}'}),
    "group-several": ("notFound", {
        ".zgroup": '{"zarr_format": 2}', "a/.zarray": json.dumps(ZARRAY),
        "b/c/.zarray": json.dumps(ZARRAY)}),
    "image-version": (NOT_YET, image(version="0.9")),
    "image-scale-zero": (BAD, image(datasets=[{"path": "0", "coordinateTransformations": [
        {"type": "scale", "scale": [0, 4, 4]}]}])),
    "image-scale-rank": (BAD, image(datasets=[{"path": "0", "coordinateTransformations": [
        {"type": "scale", "scale": [4, 4]}]}])),
    "image-scale-missing": (BAD, image(datasets=[{"path": "0"}])),
    "image-no-levels": (BAD, image(datasets=[])),
    "image-path-up": (BAD, image(datasets=[{"path": "../0"}])),
    "image-level-missing": ("notFound", image(datasets=[{"path": "7", "coordinateTransformations": [
        {"type": "scale", "scale": [40, 4, 4]}]}])),
    "image-unit": (NOT_YET, image(axes=[
        {"name": name, "type": "space", "unit": "parsec"} for name in "zyx"])),
    "image-axes-rank": (NOT_YET, image(
        axes=[{"name": name, "type": "space"} for name in "yx"],
        datasets=[{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [4, 4]}]}])),
    "chunk-short": (DAMAGED, array() | {"0.0.0": b"\1" * 63}),
    "chunk-long": (DAMAGED, array() | {"0.0.0": b"\1" * 65}),
    "chunk-empty": (DAMAGED, array() | {"0.0.0": b""}),
    "chunk-gzip-for-zlib": (
        DAMAGED, array(compressor={"id": "zlib", "level": 1}) | {"0.0.0": gzip.compress(b"\1" * 64, mtime=0)}),
    "chunk-zlib-behind": (
        DAMAGED, array(compressor={"id": "zlib", "level": 1}) | {"0.0.0": zlib.compress(b"\1" * 64) + b"x"}),
    "chunk-zlib-flipped": (
        DAMAGED, array(compressor={"id": "zlib", "level": 1})
        | {"0.0.0": zlib.compress(bytes(range(64)))[:-1] + b"\0"}),
    "chunk-bomb-zlib": (
        DAMAGED, array(compressor={"id": "zlib", "level": 1}) | {"0.0.0": zlib.compress(b"\0" * 20_000_000)}),
    "chunk-bomb-blosc": (
        DAMAGED,
        array(compressor={"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 0})
        | {"0.0.0": struct.pack("<BBBBIII", 2, 1, 0x20, 1, 2**31 - 20, 2**31 - 20, 24) + b"\0" * 8}),
}


def n5(**changes):
    return {"attributes.json": changed(N5, **changes)}


def block(data=b"\1" * 64, lengths=(4, 4, 4), mode=0, rank=None):
    rank = len(lengths) if rank is None else rank
    return {"0/0/0": struct.pack(f">HH{len(lengths)}I", mode, rank, *lengths) + data}


N5_CASES = {
    "empty": (BAD, {"attributes.json": ""}),
    "not-json": (BAD, {"attributes.json": "{'dimensions': []}"}),
    "truncated": (BAD, {"attributes.json": json.dumps(N5)[:30]}),
    "deep": (BAD, {"attributes.json": DEEP}),
    "list": (BAD, {"attributes.json": "[]"}),
    "dimensions-text": (BAD, n5(dimensions="444")),
    "dimensions-zero": (BAD, n5(dimensions=[4, 0, 4])),
    "dimensions-negative": (BAD, n5(dimensions=[4, -1, 4])),
    "dimensions-2-63": (BAD, n5(dimensions=[2**63, 4, 4])),
    "dimensions-fraction": (BAD, n5(dimensions=[4, 0.5, 4])),
    "dimensions-overflow": (LIMIT, n5(dimensions=[2**40, 2**40, 2**40])),
    "dimensions-none": (NOT_YET, n5(dimensions=[], blockSize=[])),
    "dimensions-one": (NOT_YET, n5(dimensions=[4], blockSize=[4])),
    "dimensions-six": (BAD, n5(dimensions=[1] * 6, blockSize=[1] * 6)),
    "block-missing": (BAD, n5(blockSize=...)),
    "block-zero": (BAD, n5(blockSize=[4, 4, 0])),
    "block-rank": (BAD, n5(blockSize=[4, 4])),
    "block-huge": (LIMIT, n5(blockSize=[2048, 2048, 2048])),
    "block-overflow": (LIMIT, n5(blockSize=[2**31, 2**31, 2**31])),
    "block-too-long": (BAD, n5(blockSize=[2**33, 1, 1])),
    "type-missing": (BAD, n5(dataType=...)),
    "type-text": (NOT_YET, n5(dataType="string")),
    "type-object": (NOT_YET, n5(dataType="object")),
    "type-list": (BAD, n5(dataType=["uint8"])),
    "multiset": (NOT_YET, n5(isLabelMultiset=True)),
    "compression-missing": (BAD, n5(compression=...)),
    "compression-text": (BAD, n5(compression="gzip")),
    "compression-level": (BAD, n5(compression={"type": "gzip", "level": 10})),
    "compression-bzip2": (NOT_YET, n5(compression={"type": "bzip2", "blockSize": 9})),
    "compression-lz4": (NOT_YET, n5(compression={"type": "lz4", "blockSize": 65536})),
    "compression-xz": (NOT_YET, n5(compression={"type": "xz", "preset": 6})),
    "compression-jpeg": (NOT_YET, n5(compression={"type": "jpeg"})),
    "compression-rar": (BAD, n5(compression={"type": "blosc", "cname": "rar", "clevel": 5, "shuffle": 1})),
    "axes-unknown": (NOT_YET, n5(axes=["lat", "lon", "height"])),
    "group-empty": ("notFound", {"attributes.json": '{"n5": "2.0.0"}'}),
    "group-several": ("notFound", {
        "attributes.json": '{"n5": "2.0.0"}', "a/attributes.json": json.dumps(N5),
        "b/c/attributes.json": json.dumps(N5)}),
    "levels-apart": (BAD, {
        "attributes.json": "{}", "s0/attributes.json": json.dumps(N5),
        "s1/attributes.json": changed(N5, dimensions=[8, 8, 8])}),
    "levels-types": (BAD, {
        "attributes.json": "{}", "s0/attributes.json": json.dumps(N5),
        "s1/attributes.json": changed(N5, dataType="uint16")}),
    "chunk-none": (DAMAGED, n5() | {"0/0/0": b""}),
    "chunk-header-cut": (DAMAGED, n5() | {"0/0/0": struct.pack(">HHI", 0, 3, 4)}),
    "chunk-short": (DAMAGED, n5() | block(b"\1" * 63)),
    "chunk-long": (DAMAGED, n5() | block(b"\1" * 65)),
    "chunk-mode": (DAMAGED, n5() | block(mode=7)),
    "chunk-mode-varying": (NOT_YET, n5() | block(mode=1)),
    "chunk-mode-object": (NOT_YET, n5() | block(mode=2)),
    "chunk-rank": (DAMAGED, n5() | block(lengths=(4, 4))),
    "chunk-rank-huge": (DAMAGED, n5() | block(rank=65535)),
    "chunk-larger": (DAMAGED, n5() | block(b"\1" * 80, lengths=(5, 4, 4))),
    "chunk-huge": (DAMAGED, n5() | block(lengths=(2**32 - 1,) * 3)),
    "chunk-zero": (DAMAGED, n5() | block(b"", lengths=(4, 0, 4))),
    "chunk-smaller": (DAMAGED, n5() | block(lengths=(4, 4, 3))),
    "chunk-zlib-for-gzip": (
        DAMAGED, n5(compression={"type": "gzip"}) | block(zlib.compress(b"\1" * 64))),
    "chunk-bomb-gzip": (
        DAMAGED,
        n5(compression={"type": "gzip", "level": -1}) | block(gzip.compress(b"\0" * 20_000_000, mtime=0))),
}


def main():
    root = Path(__file__).resolve().parents[2]
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else root / "volumes/bad"
    for kind, cases in [("zarr2", ZARR2), ("n5", N5_CASES)]:
        shutil.rmtree(output / kind, ignore_errors=True)
        for name, (code, files) in cases.items():
            for key, data in files.items():
                file = output / kind / f"{name}.{code}" / key
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data if isinstance(data, bytes) else data.encode())
        print(f"{len(cases)} cases in {output / kind}")


if __name__ == "__main__":
    main()
