#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["h5py==3.16.0", "neuroglancer==2.41.2", "numpy==2.4.6"]
# ///
"""Checks that others read what `emseg synapses` writes.

Random synapses with 64-bit supervoxel ids go through `emseg synapses import` and `export`. SQLite must
find every row, h5py every partner, and every file of annotations must have the bytes that Neuroglancer's
own writer gives it. (cloud-volume 12.15.2 fails on any lines: it stacks arrays the wrong way.)

Usage: tools/golden/synapse-interop.py --emseg .build/release/emseg [--synapses N]
"""

import argparse
import json
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile


sys.path.pop(0)  # This folder's scripts are named like the packages they use.
import h5py  # noqa: E402
import neuroglancer  # noqa: E402
from neuroglancer.write_annotations import AnnotationWriter  # noqa: E402

arguments = argparse.ArgumentParser()
arguments.add_argument("--emseg", required=True)
arguments.add_argument("--synapses", type=int, default=500)
arguments = arguments.parse_args()
print({"h5py": h5py.__version__}, file=sys.stderr)

generator = random.Random(5)
rows = []
for number in range(arguments.synapses):
    pre, post = ([generator.randrange(1 << 20) for _ in range(3)] for _ in range(2))
    ids = [generator.choice([1, 2, 3, 2**64 - 1]), generator.randrange(1, 9)]
    rows.append((5 * number + 3, pre, post, ids, generator.randrange(1024) / 1024))

folder = pathlib.Path(tempfile.mkdtemp())
table = folder / "s.csv"
table.write_text(
    "id,pre_pt_position,post_pt_position,pre_pt_supervoxel_id,post_pt_supervoxel_id,score\n"
    + "".join(f'{r[0]},"{r[1]}","{r[2]}",{r[3][0]},{r[3][1]},{r[4]}\n' for r in rows)
)


def emseg(*words):
    subprocess.run([arguments.emseg, "synapses", *map(str, words)], check=True, capture_output=True)


emseg("import", table, "--output", folder / "s.sqlite")
emseg("export", folder / "s.sqlite", "--output", folder / "lines")
emseg("export", folder / "s.sqlite", "--output", folder / "s.h5")

database = sqlite3.connect(folder / "s.sqlite")
stored = database.execute(
    "SELECT id, pre_x, pre_y, pre_z, post_x, post_y, post_z, pre_supervoxel_id, score"
    " FROM synapses ORDER BY id"
).fetchall()
assert [r[0] for r in stored] == [r[0] for r in rows]
for found, (_, pre, post, ids, score) in zip(stored, rows):
    assert list(found[1:7]) == pre + post and found[7] % 2**64 == ids[0] and found[8] == score

writer = AnnotationWriter(
    neuroglancer.CoordinateSpace(names=["x", "y", "z"], scales=[1, 1, 1], units="nm"),
    "line",
    relationships=["pre_supervoxel", "post_supervoxel"],
    properties=[
        neuroglancer.AnnotationPropertySpec(id="score", type="float32"),
        neuroglancer.AnnotationPropertySpec(id="size", type="float32", default=float("nan")),
    ],
)
for number, pre, post, ids, score in rows:
    writer.add_line(
        pre, post, id=number, score=score, pre_supervoxel=ids[0], post_supervoxel=ids[1]
    )
writer.write(folder / "theirs")
compared = 0
for file in (folder / "theirs").rglob("*"):
    if file.is_file() and file.name != "info":
        name = str(file.relative_to(folder / "theirs")).removeprefix("rel_")
        assert (folder / "lines" / name).read_bytes() == file.read_bytes(), name
        compared += 1
info = json.loads((folder / "lines" / "info").read_text())
theirs = json.loads((folder / "theirs" / "info").read_text())
for key in ("@type", "dimensions", "lower_bound", "by_id"):
    assert info[key] == theirs[key], key
print(f"{compared} files of annotations are the same")

with h5py.File(folder / "s.h5") as file:
    places = dict(zip(file["annotations/ids"][:], file["annotations/locations"][:]))
    types = dict(zip(file["annotations/ids"][:], file["annotations/types"][:]))
    partners = file["annotations/presynaptic_site/partners"][:]
    assert partners.shape == (len(rows), 2) and list(file["annotations"].attrs["offset"]) == [0, 0, 0]
    for (pre, post), row in zip(partners, rows):
        assert list(places[pre]) == row[1][::-1] and list(places[post]) == row[2][::-1]
        assert types[pre] == b"presynaptic_site" and types[post] == b"postsynaptic_site"
print(f"{len(rows)} synapses agree")
