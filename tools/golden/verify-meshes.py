#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "cloud-volume==12.15.2"]
# ///
"""Reads meshes and skeletons of emseg, in precomputed format, by cloud-volume.

    uv run tools/golden/verify-meshes.py path/to/emseg

A ball and a bar are labelled, meshed and drawn; cloud-volume must find a closed surface of the ball's
volume in either, and a skeleton along the bar with its radii.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from cloudvolume import CloudVolume


def labelled():
    z, y, x = np.mgrid[:40, :60, :70].astype(float)
    labels = np.zeros(z.shape, np.uint32)
    labels[(z - 20) ** 2 + (y - 20) ** 2 + (x - 20) ** 2 <= 144] = 7
    labels[10:15, 45:50, 5:65] = 9
    return labels


def enclosed(mesh):
    """The volume within a mesh, and whether each edge has two triangles."""
    corners = mesh.vertices[mesh.faces].astype(float)
    volume = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6
    edges = np.sort(mesh.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    counts = np.unique(edges, axis=0, return_counts=True)[1]
    return volume, bool((counts == 2).all())


def main():
    emseg = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        labels = labelled()
        labels.tofile(root / "labels.raw")
        info = CloudVolume.create_new_info(
            1, "segmentation", "uint32", "raw", (10, 10, 10), (0, 0, 0), labels.shape[::-1],
            mesh="mesh", skeletons="skeletons")
        (root / "volume").mkdir()
        (root / "volume/info").write_text(json.dumps(info))
        source = ["--shape", "40,60,70", "--axes", "z,y,x", "--data-type", "uint32", "--voxel-size",
                  "10,10,10", "--format", "precomputed"]
        subprocess.run(
            [emseg, "mesh", root / "labels.raw", "--output", root / "volume/mesh", "--fragment",
             "16,32,24", "--error", "4", *source], check=True)
        subprocess.run(
            [emseg, "skeletonize", root / "labels.raw", "--output", root / "volume/skeletons",
             "--constant", "50", *source], check=True)
        volume = CloudVolume(f"file://{root}/volume", progress=False)
        for label, voxels in ((7, (labels == 7).sum()), (9, (labels == 9).sum())):
            mesh = volume.mesh.get(label)
            mesh = mesh[label] if isinstance(mesh, dict) else mesh
            found, closed = enclosed(mesh)
            print(f"{label}: {len(mesh.faces)} triangles, {found / voxels / 1000:.3f} of its voxels")
            assert closed, f"the surface of {label} is open"
            assert 0.7 < found / voxels / 1000 < 1.02, found
        skeleton = volume.skeleton.get(9)
        assert skeleton.cable_length() > 450, skeleton.cable_length()
        assert 10 < skeleton.radius.max() < 60, skeleton.radius
        print(f"9: {len(skeleton.vertices)} vertices, {skeleton.cable_length():.0f} nm of cable")


if __name__ == "__main__":
    main()
