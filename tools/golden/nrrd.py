# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "pynrrd==1.1.3"]
# ///
"""Writes small NRRD files with pynrrd, sound ones and bad ones.

Every sound file holds the same values, by the formula in `hdf5.values`. Run from the package's
root: python tools/golden/nrrd.py
"""

import gzip
import importlib
import pathlib
import shutil
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
# This file has the name of the package that it needs.
sys.path = [folder for folder in sys.path if pathlib.Path(folder or ".").resolve() != HERE]
nrrd = importlib.import_module("nrrd") if __name__ == "__main__" else None
sys.path.append(str(HERE))
from hdf5 import channels, values  # noqa: E402

ROOT = HERE.parents[1] / "volumes"
GOLDEN = ROOT / "golden" / "pynrrd-1.1.3"
BAD = ROOT / "bad" / "nrrd"
TYPES = "uint8 uint16 uint32 uint64 int8 int16 int32 int64 float32 float64".split()
SPACE = {"space dimension": 3, "space units": ["nm", "nm", "nm"], "space origin": [16, 15, 80],
         "space directions": np.diag([4.0, 5.0, 40.0]), "kinds": ["domain"] * 3}
NONE = [[np.nan] * 3]


def save(name, data, header=SPACE, **options):
    nrrd.write(str(GOLDEN / name), data, dict(header), index_order="C", **options)
    # The time of writing would make every run's files others.
    lines = (GOLDEN / name).read_bytes().split(b"\n", 5)
    (GOLDEN / name).write_bytes(
        b"\n".join(line for line in lines if not line.startswith(b"# on ")))


def golden():
    for dtype in TYPES:
        for order, letter in (("<", "le"), (">", "be")):
            stored = values(dtype).astype(np.dtype(dtype).newbyteorder(order))
            for encoding in ("raw", "gzip"):
                save(f"{dtype}-{letter}-{encoding}.nrrd", stored, SPACE | {
                    "encoding": encoding, "endian": "little" if order == "<" else "big"})
    save("detached.nhdr", values("uint16"), SPACE | {"encoding": "gzip"})
    save("detached-raw.nhdr", values("uint16"), SPACE | {"encoding": "raw"})
    four = np.concatenate([SPACE["space directions"], NONE])
    save("channels-last.nrrd", channels("int16", 3), SPACE | {
        "encoding": "raw", "kinds": ["domain"] * 3 + ["list"], "space directions": four})
    save("channels-first.nrrd", np.moveaxis(channels("uint8", 3), 0, -1), SPACE | {
        "encoding": "gzip", "kinds": ["RGB-color"] + ["domain"] * 3,
        "space directions": np.concatenate([NONE, SPACE["space directions"]])})
    save("times.nrrd", channels("int16", 3), {
        "encoding": "raw", "kinds": ["domain"] * 3 + ["time"]})
    save("spacings.nrrd", values("uint8"), {
        "encoding": "raw", "spacings": [4, 5, 40], "units": ["nm", "nm", "nm"]})
    data = values("uint16").astype("<u2").tobytes()
    head = "NRRD0004\n# a comment\ntype: unsigned short\ndimension: 3\nsizes: 35 29 3\n" \
        "key:=value: with colons\nendian: little\n"

    def written(name, text, after=b""):
        (GOLDEN / name).write_bytes(text.encode() + after)

    count = len(data) // 3
    for z in range(3):
        (GOLDEN / f"slice{z + 7:03d}.raw").write_bytes(data[z * count:(z + 1) * count])
    files = "".join(f"slice{z + 7:03d}.raw\n" for z in range(3))
    written("list.nhdr", head + "encoding: raw\ndata file: LIST\n" + files)
    written("pattern.nhdr", head + "encoding: raw\ndata file: slice%03d.raw 7 9 1\n")
    written("windows.nrrd", (head + "encoding: raw\n\n").replace("\n", "\r\n"), data)
    written("line-skip.nrrd", head + "encoding: raw\nline skip: 2\nbyte skip: 3\n\n",
            b"one\ntwo\nabc" + data)
    written("byte-skip.nrrd", head + "encoding: gzip\nbyte skip: 5\n\n",
            gzip.compress(b"abcde" + data, mtime=0))
    written("from-end.nrrd", head + "encoding: raw\nbyte skip: -1\n\n", b"a header" + data)


def bad():
    data = values("uint16").astype("<u2").tobytes()
    fields = {"type": "uint16", "dimension": "3", "sizes": "35 29 3", "endian": "little",
              "encoding": "raw"}

    def write(name, after=data, magic="NRRD0004", extra="", **changes):
        changed = fields | {key.replace("_", " "): value for key, value in changes.items()}
        text = "".join(f"{key}: {value}\n" for key, value in changed.items() if value is not None)
        (BAD / name).write_bytes(f"{magic}\n{text}{extra}\n".encode() + after)

    write("magic.nrrd", magic="NRRX0004")
    (BAD / "empty.nrrd").write_bytes(b"")
    (BAD / "endless.nrrd").write_bytes(b"NRRD0004\ntype: uint8\n")
    write("cut.nrrd", after=data[:1000])
    for name in ("type", "dimension", "sizes", "endian", "encoding"):
        write(f"no-{name}.nrrd", **{name: None})
    write("block.nrrd", type="block")
    write("half.nrrd", type="float16")
    for name, sizes in {"zero": "35 0 3", "negative": "35 -29 3", "two": "35 29", "four": "1 2 3 4",
                        "word": "35 x 3", "overflow": f"{2**40} {2**40} {2**40}",
                        "huge": f"{2**63} 1 1", "longer": "35 29 4"}.items():
        write(f"sizes-{name}.nrrd", sizes=sizes)
    barely = f"{2**15} {2**24 - 1} {2**24 + 1}"
    for encoding in ("raw", "gzip"):
        write(f"barely-countable-{encoding}.nrrd", type="uint8", sizes=barely, encoding=encoding,
              after=gzip.compress(data, mtime=0))
        write(f"barely-countable-{encoding}-skip.nrrd", type="uint8", sizes=barely,
              encoding=encoding, after=gzip.compress(data, mtime=0), extra="byte skip: 30000\n")
    write("barely-countable-end.nrrd", type="uint8", sizes=barely, extra="byte skip: -1\n")
    write("dimension-0.nrrd", dimension="0", sizes="")
    write("dimension-1.nrrd", dimension="1", sizes="3045")
    write("dimension-17.nrrd", dimension="17", sizes=" ".join(["1"] * 17))
    write("dimension-word.nrrd", dimension="three")
    write("six-axes.nrrd", dimension="6", sizes="5 7 29 3 1 1")
    for encoding in ("ascii", "hex", "bzip2", "zstd"):
        write(f"encoding-{encoding}.nrrd", encoding=encoding)
    write("endian.nrrd", endian="middle")
    write("twice.nrrd", extra="type: uint8\n")
    write("no-field.nrrd", extra="just text\n")
    write("vector.nrrd", extra="space directions: (1,0,0) (0,1 (0,0,1)\n")
    write("spacing.nrrd", extra="spacings: 1 b 3\n")
    write("kinds.nrrd", extra="kinds: domain domain\n")
    write("byte-skip.nrrd", extra="byte skip: -2\n")
    write("byte-skip-far.nrrd", extra="byte skip: 100000\n")
    write("byte-skip-gzip.nrrd", encoding="gzip", extra="byte skip: -1\n")
    write("line-skip.nrrd", extra="line skip: 1000000\n")
    write("absolute.nhdr", extra="data file: /etc/passwd\n")
    write("above.nhdr", extra="data file: ../nrrd/cut.nrrd\n")
    write("missing.nhdr", extra="data file: nowhere.raw\n")
    write("pattern.nhdr", extra="data file: a%s%n.raw 1 3 1\n")
    write("pattern-step.nhdr", extra="data file: a%03d.raw 1 3 0\n")
    write("pattern-many.nhdr", extra="data file: a%03d.raw 1 999999999999 1\n")
    write("list-empty.nhdr", extra="data file: LIST\n", after=b"")
    write("list-above.nhdr", extra="data file: LIST\n../x.raw\n", after=b"")
    packed = gzip.compress(data, mtime=0)
    write("cut-gzip.nrrd", encoding="gzip", after=packed[:700])
    write("not-gzip.nrrd", encoding="gzip")
    write("short-gzip.nrrd", encoding="gzip", after=gzip.compress(data[:-2], mtime=0))
    broken = bytearray(packed)
    broken[-7] ^= 1
    write("wrong-checksum.nrrd", encoding="gzip", after=bytes(broken))
    write("bomb.nrrd", encoding="gzip", after=gzip.compress(data + bytes(64 << 20), 9, mtime=0))


if __name__ == "__main__":
    for folder in (GOLDEN, BAD):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    golden()
    bad()
