# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "pillow==13.0.0"]
# ///
"""Writes small PNG stacks, sound ones with pillow where it can and bad ones.

Every sound stack holds the values of `tiff.values`, cut to its bits. Pillow writes neither 2 and 4-bit
grey values nor interlaced images; `png` does, and pillow reads them back here.
Run from the package's root: python tools/golden/png.py
"""

import pathlib
import shutil
import struct
import sys
import zlib

import numpy as np
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from tiff import SHAPE, values  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2] / "volumes"
GOLDEN = ROOT / "golden" / "pillow-13.0.0"
BAD = ROOT / "bad" / "png"


def chunk(name, data):
    return (struct.pack(">I", len(data)) + name + data
            + struct.pack(">I", zlib.crc32(name + data)))


def rows(image, depth):
    """Scan lines without a filter, several values a byte where they are small."""
    height, width = image.shape[:2]
    if depth == 16:
        data = image.astype(">u2").reshape(height, -1).view("uint8")
    elif depth == 8:
        data = image.astype("uint8").reshape(height, -1)
    else:
        bits = (image[..., None] >> np.arange(depth - 1, -1, -1)) & 1
        data = np.packbits(bits.reshape(height, -1).astype("uint8"), axis=1)
    return b"".join(b"\0" + row.tobytes() for row in data)


PASSES = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
          (1, 0, 2, 1)]


def png(image, depth, colour=0, interlaced=False, extra=b""):
    height, width = image.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    if interlaced:
        parts = [image[y::dy, x::dx] for y, x, dy, dx in PASSES]
        data = b"".join(rows(part, depth) for part in parts if part.size)
    else:
        data = rows(image, depth)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
            + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


def stack(name, planes, suffix=".png"):
    """Saves sections: images of pillow, or bytes."""
    (GOLDEN / name).mkdir(parents=True)
    for number, plane in enumerate(planes):
        path = GOLDEN / name / f"{number}{suffix}"
        if isinstance(plane, bytes):
            path.write_bytes(plane)
        else:
            plane.save(path)


def golden():
    small, wide = values("uint8"), values("uint16")
    stack("grey8", [Image.fromarray(plane) for plane in small])
    stack("grey16", [Image.fromarray(plane) for plane in wide])
    stack("bits1", [Image.fromarray(plane % 2 == 1) for plane in small])
    for depth in (2, 4):
        stack(f"bits{depth}", [png(plane % 2**depth, depth) for plane in small])
    for depth in (1, 8, 16):
        data = wide if depth == 16 else small if depth == 8 else small % 2
        stack(f"interlaced{depth}", [png(plane, depth, interlaced=True) for plane in data])
        for number, plane in enumerate(data):
            with Image.open(GOLDEN / f"interlaced{depth}" / f"{number}.png") as image:
                assert (np.asarray(image) == plane).all()
    palettes = []
    for plane in small:
        image = Image.fromarray(plane, "P")
        image.putpalette(np.arange(768)[::-1].astype("uint8").tobytes())
        palettes.append(image)
    stack("palette8", palettes)
    colours = b"".join(bytes([n, 255 - n, 7]) for n in range(16))
    stack("palette4", [png(plane % 16, 4, 3, extra=chunk(b"PLTE", colours)) for plane in small])
    stack("alpha8", [Image.fromarray(np.stack([plane, plane // 2], -1), "LA") for plane in small])
    stack("alpha16", [png(np.stack([plane, plane // 2], -1), 16, 4) for plane in wide])
    labels = np.stack(np.indices(SHAPE), axis=-1).astype("uint8")
    stack("colours", [Image.fromarray(plane) for plane in labels])
    stack("colours-alpha", [Image.fromarray(np.concatenate([plane, plane[..., :1]], -1), "RGBA")
                            for plane in labels])
    # A folder that holds TIFF sections too: those are read as TIFF, these as PNG by a pattern.
    stack("text", [png(plane, 8, extra=chunk(b"tEXt", b"Comment\0section")) for plane in small])


def save(name, data):
    path = BAD / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def bad():
    plane = values("uint8")[0]
    sound = png(plane, 8)
    start = sound.index(b"IDAT")
    save("empty.png", b"")
    save("text.png", b"this is no image\n")
    save("signature-only.png", sound[:8])
    save("header-only.png", sound[:33])
    save("truncated.png", sound[:-40])
    save("no-end.png", sound[:-12])
    flipped = bytearray(sound)
    flipped[start + 30] ^= 0x10
    save("damaged-data.png", bytes(flipped))
    flipped = bytearray(sound)
    flipped[start - 5] ^= 1
    save("damaged-header-checksum.png", bytes(flipped))
    flipped = bytearray(png(plane, 8, extra=chunk(b"tEXt", b"Comment\0section")))
    flipped[flipped.index(b"section")] ^= 1
    save("damaged-text.png", bytes(flipped))

    def header(width=35, height=29, depth=8, colour=0, interlace=0):
        data = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
        return sound[:8] + chunk(b"IHDR", data) + sound[33:]

    save("width-0.png", header(width=0))
    save("height-0.png", header(height=0))
    save("width-2-31.png", header(width=2**31 - 1))
    save("both-2-24.png", header(width=2**24, height=2**24))
    save("taller-than-data.png", header(height=20_000))
    save("depth-3.png", header(depth=3))
    save("colour-5.png", header(colour=5))
    save("interlace-7.png", header(interlace=7))
    save("palette-missing.png", header(colour=3))
    bomb = zlib.compress(bytes(64 << 20), 9)
    save("long-profile.png", png(plane, 8, extra=chunk(b"iCCP", b"p\0\0" + bomb)))
    save("rgb.png", png(np.stack([plane] * 3, -1), 8, 2))
    save("rgb16.png", png(np.stack([plane] * 3, -1), 16, 2))
    for number in range(4):
        save(f"mixed-sizes/{number}.png", png(plane if number != 2 else plane[:, :30], 8))
        save(f"mixed-depths/{number}.png", png(plane, 8 if number != 2 else 16))
        save(f"mixed-kinds/{number}.png",
             png(plane, 8) if number != 1 else png(np.stack([plane] * 3, -1), 8, 2))
        save(f"damaged-section/{number}.png", sound if number != 3 else sound[:-60])
    for number in (1, 2, 4):
        save(f"missing-section/s{number}.png", sound)
    save("foreign-name/overview.png", sound)
    for number in range(3):
        save(f"foreign-name/{number}.png", sound)


if __name__ == "__main__":
    for folder in (GOLDEN, BAD):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    golden()
    bad()
