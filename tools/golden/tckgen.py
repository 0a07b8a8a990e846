# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "nibabel==5.4.2"]
# ///
"""Tracks a small phantom of a straight and a curved bundle with tckgen of MRtrix3 3.0.3.

The phantom is stored in two orientations; seeds lie on grids, so that they are the same ones in the
same order. Needs MRtrix 3.0.3's tckgen, dwi2tensor and tensor2metric. Run from the package's root:
python tools/golden/tckgen.py
"""

import pathlib
import shutil
import subprocess

import nibabel
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2] / "volumes" / "golden" / "mrtrix3-3.0.3"
FOLDER = ROOT / "tracking"
SHAPE = (22, 18, 7)


def affines():
    turn, _ = np.linalg.qr(np.array([[1, 0.1, -0.2], [0.3, 1, 0.1], [0.1, -0.2, 1.0]]))
    turn *= np.sign(np.diag(turn))
    linear = {"las": np.diag([-2, 2, 2.0]), "turned": turn * np.array([2, 1.8, 2.2])}
    for name, matrix in linear.items():
        affine = np.eye(4)
        affine[:3, :3] = matrix
        affine[:3, 3] = (-9, 4, 13)
        yield name, affine


def directions():
    """Voxel axes: along x in the rows y <= 5, around the corner (0, 6) in the others."""
    x, y, z = np.meshgrid(*map(np.arange, SHAPE), indexing="ij")
    around = np.stack([-(y - 6.0), x + 0.001, 0 * z], axis=-1)
    around /= np.linalg.norm(around, axis=-1, keepdims=True)
    straight = (np.abs(y - 3) <= 1) & (np.abs(z - 3) <= 1)
    radius = np.hypot(x, y - 6)
    curved = (y > 6) & (np.abs(radius - 8) <= 2) & (np.abs(z - 3) <= 1)
    return np.where(curved[..., None], around, [1.0, 0, 0]), straight, curved


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    random = np.random.default_rng(9)
    g = random.normal(size=(14, 3))
    g /= np.linalg.norm(g, axis=1, keepdims=True)
    b = np.r_[0, np.repeat(1000, 14)]
    g = np.r_[[[0, 0, 0]], g]
    for name, affine in affines():
        along, straight, curved = directions()
        axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
        along = along @ axes.T
        inside = straight | curved
        factor = np.where(inside, 1.4e-3, 0)[..., None]
        exponent = b * (factor * (along @ g.T) ** 2 + np.where(inside, 3e-4, 9e-4)[..., None])
        signals = 1000 * np.exp(-exponent) + random.normal(size=exponent.shape) * 4
        image = nibabel.Nifti1Image(np.round(signals).astype(np.int16), affine)
        nibabel.save(image, FOLDER / f"{name}.nii.gz")
        np.savetxt(FOLDER / f"{name}.b", np.c_[g, b], fmt="%.17g")
        seeds = np.zeros(SHAPE, np.uint8)
        seeds[9:11, 3, 3] = 1
        seeds[2, 3, 3] = 1
        seeds[5:7, 12:13, 3] = 1
        seeds[15, 15, 1] = 1
        nibabel.save(nibabel.Nifti1Image(seeds, affine), FOLDER / f"{name}-seeds.nii.gz")
        mask = inside.astype(np.uint8)
        mask[18:] = 0
        nibabel.save(nibabel.Nifti1Image(mask, affine), FOLDER / f"{name}-mask.nii.gz")

        def run(*arguments):
            subprocess.run([str(a) for a in arguments] + ["-quiet", "-force", "-nthreads", "0"],
                           check=True, cwd=FOLDER)

        grad = ["-grad", f"{name}.b"]
        run("dwi2tensor", f"{name}.nii.gz", *grad, "tensor.nii.gz")
        run("tensor2metric", "tensor.nii.gz", "-modulate", "FA", "-vector", f"{name}-peaks.nii.gz")
        start = ["-seed_grid_per_voxel", f"{name}-seeds.nii.gz", "2"]
        # Whichever bundle a seed lies in, its direction is within 60 degrees of this one.
        slanted = ",".join(map(str, axes @ np.array([0.8, -0.6, 0])))
        run("tckgen", f"{name}.nii.gz", *grad, "-algorithm", "Tensor_Det", *start,
            "-step", "0.5", f"{name}-tensor.tck")
        run("tckgen", f"{name}.nii.gz", *grad, "-algorithm", "Tensor_Det", *start,
            "-mask", f"{name}-mask.nii.gz", "-step", "0.8", "-angle", "20", "-cutoff", "0.3",
            "-minlength", "12", f"{name}-bounded.tck")
        run("tckgen", f"{name}-peaks.nii.gz", "-algorithm", "FACT", *start,
            "-seed_direction", slanted, "-step", "0.5", f"{name}-fact.tck")
        (FOLDER / "tensor.nii.gz").unlink()


if __name__ == "__main__":
    main()
