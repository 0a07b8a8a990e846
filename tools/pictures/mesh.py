# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "matplotlib==3.10.7"]
# ///
"""Draws PLY meshes of emseg mesh, shaded by a lamp.

    uv run tools/pictures/mesh.py meshes docs/pictures/meshes.png --largest 12
"""

import argparse
import colorsys
import pathlib

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

LAMP = np.array([0.4, -0.7, 0.6]) / np.linalg.norm([0.4, -0.7, 0.6])


def read(path):
    """Vertices (x, y, z) and triangles of a binary PLY file."""
    data = path.read_bytes()
    head, body = data.split(b"end_header\n", 1)
    counts = [int(line.split()[-1]) for line in head.splitlines() if line.startswith(b"element")]
    vertices = np.frombuffer(body, "<f4", counts[0] * 3).reshape(-1, 3)
    faces = np.frombuffer(
        body, np.dtype([("n", "u1"), ("v", "<u4", 3)]), counts[1], vertices.nbytes)["v"]
    return vertices, faces


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--largest", type=int, default=12)
    parser.add_argument("--turn", type=float, default=-60)
    options = parser.parse_args()
    files = sorted(options.folder.glob("*.ply"), key=lambda path: -path.stat().st_size)
    axes = plt.figure(figsize=(8, 7)).add_subplot(projection="3d")
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for place, path in enumerate(files[: options.largest]):
        vertices, faces = read(path)
        corners = vertices[faces]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
        light = 0.35 + 0.65 * np.clip(normals @ LAMP, 0, 1)
        colour = np.array(colorsys.hsv_to_rgb(place * 0.618 % 1, 0.55, 0.95))
        axes.add_collection3d(Poly3DCollection(corners, facecolors=light[:, None] * colour))
        low, high = np.minimum(low, vertices.min(0)), np.maximum(high, vertices.max(0))
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(low[2], high[2]))
    axes.set_box_aspect(high - low)
    axes.view_init(25, options.turn)
    axes.set_axis_off()
    plt.tight_layout(pad=0)
    plt.savefig(options.output, dpi=110)


if __name__ == "__main__":
    main()
