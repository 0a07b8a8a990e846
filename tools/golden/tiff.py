# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "tifffile==2026.3.3", "imagecodecs==2026.3.6"]
# ///
"""Writes small TIFF stacks with tifffile, sound ones and bad ones.

Every sound stack holds the same values, by the formula in `values`, so that the tests need no
second file to compare with. Run from the package's root: python tools/golden/tiff.py
"""

import pathlib
import shutil
import struct

import numpy as np
import tifffile

ROOT = pathlib.Path(__file__).resolve().parents[2] / "volumes"
GOLDEN = ROOT / "golden" / "tifffile-2026.3.3"
BAD = ROOT / "bad" / "tiff"
SHAPE = (3, 29, 35)


def values(dtype, shape=SHAPE):
    """Value at (z, y, x): (7 z + 3 y + 5 x + x y) mod 201, minus 100 where signed."""
    z, y, x = np.indices(shape)
    value = (7 * z + 3 * y + 5 * x + x * y) % 201
    dtype = np.dtype(dtype)
    if dtype.kind in "if":
        value = value - 100
    if dtype.itemsize > 1:
        value = value * 100 if dtype.itemsize == 2 else value * 1000003
    if dtype.kind == "f":
        value = value / 8
    return value.astype(dtype)


def imwrite(path, data, **options):
    # Three sections are not red, green and blue.
    tifffile.imwrite(path, data, **{"photometric": "minisblack", "metadata": None} | options)


def write(name, data, **options):
    imwrite(GOLDEN / name, data, **options)


def golden():
    types = "uint8 uint16 uint32 uint64 int8 int16 int32 int64 float32 float64".split()
    for dtype in types:
        for order, letter in (("<", "le"), (">", "be")):
            data = values(dtype)
            write(f"{dtype}-{letter}-none-strip.tif", data, byteorder=order, rowsperstrip=8)
            predictor = 3 if data.dtype.kind == "f" else 2
            write(f"{dtype}-{letter}-deflate-tile.tif", data, byteorder=order, compression="zlib",
                  predictor=predictor, tile=(16, 32))
    for codec in "lzw packbits zstd zlib".split():
        for dtype in ("uint8", "uint16", "float32"):
            for big in (False, True):
                for layout in ("strip", "tile"):
                    options = {"rowsperstrip": 10} if layout == "strip" else {"tile": (32, 16)}
                    write(f"{dtype}-{'big' if big else 'classic'}-{codec}-{layout}.tif",
                          values(dtype), compression=codec, bigtiff=big,
                          byteorder=">" if big else "<", **options)
    # 32946 is deflate's old number.
    write("uint8-le-deflate32946-strip.tif", values("uint8"), compression=32946, rowsperstrip=10)
    write("uint16-be-none-onestrip.tif", values("uint16"), byteorder=">")
    write("uint8-le-none-tile.tif", values("uint8"), tile=(16, 16))
    write("uint8-le-miniswhite.tif", 255 - values("uint8"), photometric="miniswhite",
          compression="zlib", rowsperstrip=8)
    write("uint16-be-miniswhite.tif", 65535 - values("uint16"), photometric="miniswhite",
          byteorder=">", rowsperstrip=8)
    bits = values("uint8") % 2 == 1
    write("bilevel.tif", bits, compression="packbits", rowsperstrip=8)
    write("bilevel-tile.tif", bits, tile=(16, 16))
    write("bilevel-miniswhite.tif", ~bits, photometric="miniswhite")
    imwrite(GOLDEN / "imagej.tif", values("uint16"), imagej=True,
                     resolution=(1 / 4, 1 / 5), metadata={"spacing": 40, "unit": "nm", "axes": "ZYX"})
    imwrite(GOLDEN / "ome.ome.tif", values("uint8"), ome=True, compression="zlib",
                     metadata={"axes": "ZYX", "PhysicalSizeX": 0.004, "PhysicalSizeY": 0.005,
                               "PhysicalSizeZ": 40, "PhysicalSizeXUnit": "µm",
                               "PhysicalSizeYUnit": "µm", "PhysicalSizeZUnit": "nm"})
    with tifffile.TiffWriter(GOLDEN / "thumbnails.tif") as file:
        for plane in values("uint8"):
            file.write(plane)
            file.write(plane[::4, ::4], subfiletype=1)
    # JPEG: smooth values, compared with a tolerance.
    z, y, x = np.indices(SHAPE)
    imwrite(GOLDEN / "jpeg.tif", (40 * z + 2 * y + x).astype("uint8"),
                     compression="jpeg", compressionargs={"level": 95}, )
    folder = GOLDEN / "folder"
    folder.mkdir()
    for number, plane in zip((8, 9, 10), values("uint8")):
        imwrite(folder / f"slice_{number}.tif", plane, compression="zlib")
    (folder / ".hidden.tif").write_bytes(b"no image")
    (folder / "notes.txt").write_text("not a section\n")
    ome_golden()
    channel_golden()


def channels(dtype, count, shape=SHAPE):
    """(channel, z, y, x): the channel's values are those of a volume that starts higher up."""
    z, y, x = shape
    return np.stack([values(dtype, (z + channel, y, x))[channel:] for channel in range(count)])


def without_later_pages(path):
    """Makes the first page the last: ImageJ's form for stacks above 4 GB."""
    with tifffile.TiffFile(path) as file:
        page, order = file.pages[0], file.byteorder
        position = page.offset + 2 + 12 * len(page.tags)
    with open(path, "r+b") as file:
        file.seek(position)
        file.write(struct.pack(order + "I", 0))


OME = ('<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/'
       '2016-06" UUID="urn:uuid:{uuid}">{images}</OME>')
IMAGE = ('<Image ID="Image:{number}" Name="{name}"><Pixels ID="Pixels:{number}" '
         'DimensionOrder="{order}" Type="uint8" SizeX="35" SizeY="29" SizeZ="{z}" SizeC="{c}" '
         'SizeT="{t}" PhysicalSizeX="4" PhysicalSizeXUnit="nm" PhysicalSizeY="5" '
         'PhysicalSizeYUnit="nm" PhysicalSizeZ="0.04" PhysicalSizeZUnit="µm">{blocks}'
         '</Pixels></Image>')


def ome_xml(blocks, order="XYZCT", z=3, c=1, t=1, uuid="0"):
    image = IMAGE.format(number=0, name="a", order=order, z=z, c=c, t=t, blocks=blocks)
    return OME.format(uuid=uuid, images=image).encode()


def ome_golden():
    # Two time points of two channels; channels of one time point follow each other.
    stack = channels("uint8", 4).reshape(2, 2, *SHAPE)
    for axes in ("TCZ", "TZC", "CTZ", "CZT", "ZCT", "ZTC"):
        data = stack.transpose(["TCZYX".index(axis) for axis in axes + "YX"])
        imwrite(GOLDEN / f"ome-{axes.lower()}.ome.tif", np.ascontiguousarray(data), ome=True,
                compression="zlib", metadata={"axes": axes + "YX"})
    # One plane in each file, named by its place in the set.
    folder = GOLDEN / "ome-set"
    folder.mkdir()
    data = channels("uint8", 2)
    names = [f"plane_c{c}_z{z}.ome.tif" for c in range(2) for z in range(3)]
    blocks = "".join(
        f'<TiffData FirstC="{n // 3}" FirstT="0" FirstZ="{n % 3}" IFD="0" PlaneCount="1">'
        f'<UUID FileName="{name}">urn:uuid:{n}</UUID></TiffData>' for n, name in enumerate(names))
    for n, name in enumerate(names):
        imwrite(folder / name, data[n // 3, n % 3], compression="zlib",
                description=ome_xml(blocks, c=2, uuid=n))
    # The file was renamed; its pages lie in reverse.
    blocks = "".join(f'<TiffData FirstZ="{2 - n}" IFD="{n}" PlaneCount="1">'
                     '<UUID FileName="old.ome.tif">urn:uuid:7</UUID></TiffData>' for n in range(3))
    write("ome-renamed.ome.tif", values("uint8")[::-1], description=ome_xml(blocks, uuid=7))
    # Two images, an overview and the volume.
    images = "".join(
        IMAGE.format(number=n, name=name, order="XYCZT", z=3, c=1, t=1,
                     blocks=f'<TiffData IFD="{3 * n}" PlaneCount="3"/>')
        for n, name in enumerate(("inverted", "volume")))
    write("ome-images.ome.tif", np.concatenate([255 - values("uint8"), values("uint8")]),
          description=OME.format(uuid=1, images=images).encode())
    with tifffile.TiffWriter(GOLDEN / "ome-pyramid.ome.tif", ome=True) as file:
        options = {"photometric": "minisblack", "compression": "zlib", "tile": (16, 16)}
        file.write(values("uint8"), subifds=1, metadata={
            "axes": "ZYX", "PhysicalSizeX": 4, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 5,
            "PhysicalSizeYUnit": "nm", "PhysicalSizeZ": 40, "PhysicalSizeZUnit": "nm"}, **options)
        file.write(values("uint8")[:, ::2, ::2], subfiletype=1, **options)


def channel_golden():
    hyper = channels("uint16", 4).reshape(2, 2, *SHAPE).transpose(0, 2, 1, 3, 4)
    hyper = np.ascontiguousarray(hyper)
    for order, letter in (("<", "le"), (">", "be")):
        options = {"imagej": True, "byteorder": order, "resolution": (250, 200),
                   "metadata": {"axes": "TZCYX", "spacing": 0.04, "unit": "\\u00B5m"}}
        imwrite(GOLDEN / f"imagej-tzc-{letter}.tif", hyper, **options)
        imwrite(GOLDEN / f"imagej-one-header-{letter}.tif", hyper, **options)
        without_later_pages(GOLDEN / f"imagej-one-header-{letter}.tif")
    imwrite(GOLDEN / "truncated-series.tif", values("uint16"), metadata={"axes": "ZYX"},
            truncate=True)
    data = channels("uint16", 3)
    interleaved = np.ascontiguousarray(data.transpose(1, 2, 3, 0))
    planes = np.ascontiguousarray(data.transpose(1, 0, 2, 3))
    for name, layout in (("strip", {"rowsperstrip": 8}), ("tile", {"tile": (16, 32)})):
        for codec, packing in (("none", {}), ("deflate", {"compression": "zlib", "predictor": 2})):
            for order, letter in (("<", "le"), (">", "be")):
                options = layout | packing | {"byteorder": order}
                write(f"samples-contig-{name}-{codec}-{letter}.tif", interleaved,
                      planarconfig="contig", **options)
                write(f"samples-separate-{name}-{codec}-{letter}.tif", planes,
                      planarconfig="separate", **options)
    # Labels z·2¹⁶ + y·2⁸ + x as colours.
    colours = np.stack(np.indices(SHAPE), axis=-1).astype("uint8")
    rgb = {"photometric": "rgb", "compression": "zlib"}
    write("colours-contig.tif", colours, tile=(16, 16), **rgb)
    write("colours-separate.tif", np.ascontiguousarray(colours.transpose(0, 3, 1, 2)),
          planarconfig="separate", **rgb)
    write("colours-alpha.tif", np.concatenate([colours, colours[..., :1]], axis=-1),
          extrasamples=["unassalpha"], **rgb)
    folder = GOLDEN / "many-pages"
    folder.mkdir()
    write("many-pages/part_0.tif", values("uint8")[:2])
    write("many-pages/part_1.tif", values("uint8")[2:])


def section(folder, name, data, **options):
    (BAD / folder).mkdir(parents=True, exist_ok=True)
    imwrite(BAD / folder / name, data, **options)


def patched(name, data, tag, value, kind="<I", **options):
    """A stack whose first page has another value in one tag."""
    path = BAD / name
    imwrite(path, data, **options)
    with tifffile.TiffFile(path) as file:
        offset = file.pages[0].tags[tag].valueoffset
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(struct.pack(kind, value))


def retyped(name, data, tag, value, **options):
    """As `patched`, for a tag that was stored in 16 bits and gets 32."""
    path = BAD / name
    imwrite(path, data, **options)
    with tifffile.TiffFile(path) as file:
        entry = file.pages[0].tags[tag].offset
    with open(path, "r+b") as file:
        file.seek(entry + 2)
        file.write(struct.pack("<HII", 4, 1, value))


def bad():
    plane = values("uint8")[0]
    for number in (1, 2, 3, 5, 6, 9):
        section("missing-sections", f"section_{number:04d}.tif", plane)
    for number in range(4):
        section("mixed-sizes", f"{number}.tif", plane if number != 2 else plane[:, :30])
        section("mixed-depths", f"{number}.tif", plane if number != 2 else plane.astype("uint16"))
        section("mixed-formats", f"{number}.tif",
                plane.astype("uint32") if number != 3 else plane.astype("float32"))
        section("foreign-name", f"{number}.tif", plane)
        section("rgb-section", f"{number}.tif",
                plane if number != 1 else np.stack([plane] * 3, axis=-1),
                photometric="rgb" if number == 1 else "minisblack")
        section("truncated-section", f"{number}.tif", plane, compression="zlib")
        section("same-number", f"{number}.tif", plane)
        section("pages-in-folder", f"{number}.tif", plane if number != 2 else values("uint8"))
    section("foreign-name", "overview.tif", plane)
    section("same-number", "02.tif", plane)
    path = BAD / "truncated-section" / "2.tif"
    path.write_bytes(path.read_bytes()[:-300])
    (BAD / "empty-folder").mkdir()
    (BAD / "empty-folder" / "readme.txt").write_text("no sections\n")

    imwrite(BAD / "rgb.tif", np.stack([plane] * 3, axis=-1), photometric="rgb")
    imwrite(BAD / "planar.tif", np.stack([plane] * 3), photometric="rgb",
                     planarconfig="separate")
    imwrite(BAD / "palette.tif", plane, photometric="palette",
                     colormap=np.zeros((3, 256), "uint16"))
    imwrite(BAD / "complex.tif", plane.astype("complex64"))
    imwrite(BAD / "webp-number.tif", plane)
    retyped("webp-number.tif", plane, "Compression", 50001)
    imwrite(BAD / "lzma.tif", plane, compression="lzma")
    imwrite(BAD / "miniswhite-float.tif", plane.astype("float32"), metadata=None,
                     photometric="miniswhite")
    imwrite(BAD / "volumetric.tif", values("uint8", (16, 32, 32)), metadata=None,
                     volumetric=True, tile=(16, 16, 16))
    imwrite(BAD / "imagej-wrong-count.tif", values("uint8"), metadata=None,
            description="ImageJ=1.53t\nimages=10\nchannels=2\nslices=5\n")
    imwrite(BAD / "imagej-one-page-deflate.tif", plane, metadata=None, compression="zlib",
            description="ImageJ=1.53t\nimages=5\nslices=5\n")
    imwrite(BAD / "imagej-many-images.tif", plane, metadata=None,
            description="ImageJ=1.53t\nimages=9000000000000000000\nslices=9000000000000000000\n")
    ome = {
        "plane-outside": ome_xml('<TiffData FirstC="9" IFD="0"/>'),
        "planes-outside": ome_xml('<TiffData FirstZ="1" PlaneCount="3"/>'),
        "plane-missing": ome_xml('<TiffData FirstZ="1" IFD="0" PlaneCount="2"/>'),
        "page-missing": ome_xml('<TiffData IFD="0" PlaneCount="4"/>', z=4),
        "file-missing": ome_xml('<TiffData IFD="0"><UUID FileName="none.tif">urn:uuid:5</UUID>'
                                '</TiffData><TiffData FirstZ="1" PlaneCount="2">'
                                '<UUID FileName="ome-file-missing.tif">urn:uuid:0</UUID></TiffData>'),
        "other-folder": ome_xml('<TiffData IFD="0"><UUID FileName="../tiff/rgb.tif">urn:uuid:5</UUID>'
                                '</TiffData><TiffData FirstZ="1"><UUID FileName="ome-other-folder'
                                '.tif">urn:uuid:0</UUID></TiffData>'),
        "no-order": ome_xml("", order="ZYXCT"),
        "size-0": ome_xml("", z=0),
        "size-large": ome_xml("", z=2**31 - 1, c=2**31 - 1, t=2**31 - 1),
        "other-size": ome_xml("").replace(b'SizeX="35"', b'SizeX="36"'),
        "unclosed": ome_xml("")[:-6],
        "deep": ome_xml("<a>" * 100 + "</a>" * 100),
        "entities": b'<?xml version="1.0"?><!DOCTYPE OME [<!ENTITY a "aaaaaaaaaa"><!ENTITY b '
                    b'"&a;&a;&a;&a;&a;&a;&a;&a;">]>' + ome_xml("&b;")[38:],
        "binary-only": OME.format(
            uuid=1, images='<BinaryOnly MetadataFile="all.ome.xml" UUID="urn:uuid:2"/>').encode(),
    }
    for name, text in ome.items():
        imwrite(BAD / f"ome-{name}.tif", values("uint8"), metadata=None, description=text)
    # ImageJ writes stacks above 4 GB with one page only; here a small one of that form.
    imwrite(BAD / "imagej-one-page.tif", plane, metadata=None,
                     description="ImageJ=1.53t\nimages=5\nslices=5\n")

    retyped("width-2-31.tif", plane, "ImageWidth", 2**31)
    retyped("width-2-32.tif", plane, "ImageWidth", 2**32 - 1)
    retyped("height-2-31.tif", plane, "ImageLength", 2**31)
    retyped("height-0.tif", plane, "ImageLength", 0)
    retyped("wider-than-data.tif", plane, "ImageWidth", 100_000, compression="zlib")
    retyped("taller-than-data.tif", plane, "ImageLength", 100_000, compression="zlib")
    retyped("strip-bytes-2-31.tif", plane, "StripByteCounts", 2**31, compression="zlib")
    retyped("strip-offset-beyond.tif", plane, "StripOffsets", 2**31 - 16)
    retyped("strip-offset-beyond-deflate.tif", plane, "StripOffsets", 2**31 - 16,
            compression="zlib")
    retyped("tile-2-24.tif", values("uint8"), "TileWidth", 2**24, tile=(16, 16))
    retyped("tile-0.tif", values("uint8"), "TileWidth", 0, tile=(16, 16))
    retyped("bits-12.tif", plane, "BitsPerSample", 12)
    retyped("samples-65535.tif", plane, "SamplesPerPixel", 65535)

    path = BAD / "cyclic-pages.tif"
    imwrite(path, values("uint8"), compression="zlib")
    with tifffile.TiffFile(path) as file:
        first, last = file.pages[0].offset, file.pages[-1].offset
        entries = len(file.pages[-1].tags)
    with open(path, "r+b") as file:
        file.seek(last + 2 + 12 * entries)
        file.write(struct.pack("<I", first))
    path = BAD / "next-page-beyond.tif"
    shutil.copy(BAD / "cyclic-pages.tif", path)
    with open(path, "r+b") as file:
        file.seek(last + 2 + 12 * entries)
        file.write(struct.pack("<I", 10_000_000))

    sound = (GOLDEN / "uint8-classic-zlib-strip.tif").read_bytes()
    (BAD / "truncated-pages.tif").write_bytes(sound[: len(sound) // 2])
    (BAD / "header-only.tif").write_bytes(sound[:8])
    (BAD / "empty.tif").write_bytes(b"")
    (BAD / "text.tif").write_text("this is no image\n")
    flipped = bytearray(sound)
    with tifffile.TiffFile(GOLDEN / "uint8-classic-zlib-strip.tif") as file:
        start = file.pages[1].dataoffsets[0]
    for index in range(start + 20, start + 60):
        flipped[index] ^= 0x5A
    (BAD / "damaged-strip.tif").write_bytes(flipped)


if __name__ == "__main__":
    for folder in (GOLDEN, BAD):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    golden()
    bad()
