# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "nibabel==5.4.2", "scipy==1.17.1"]
# ///
"""Asks MRtrix3 3.0.3 for fibre densities, peaks, responses and streamlines of small phantoms.

One image has one shell, the other four b-values; a third is a phantom of densities that streamlines
follow. dwi2fod and sh2peaks get the package's own directions, so that results have to be the same to
rounding; the densities with MRtrix's own directions show what those change. The basis functions are
those of scipy. Run from the package's root: python tools/golden/fod.py
"""

import pathlib
import re
import shutil
import subprocess

import nibabel
import numpy as np
import scipy.special

PACKAGE = pathlib.Path(__file__).resolve().parents[2]
FOLDER = PACKAGE / "volumes" / "golden" / "mrtrix3-3.0.3" / "fod"
SHAPE = (5, 4, 3)


def run(*arguments):
    subprocess.run([str(a) for a in arguments] + ["-quiet", "-force", "-nthreads", "0"],
                   check=True, cwd=FOLDER)


def own_directions(name):
    text = (PACKAGE / "Sources" / "Diffusion" / "SphereDirections.swift").read_text()
    body = re.search(rf"static let {name}.*?\[\n(.*?)\]\)", text, re.S).group(1)
    xyz = np.array(re.findall(r"-?\d+\.\d+", body), float).reshape(-1, 3)
    xyz /= np.linalg.norm(xyz, axis=1, keepdims=True)
    return np.c_[np.arctan2(xyz[:, 1], xyz[:, 0]), np.arccos(xyz[:, 2])]


def directions(count, random):
    g = random.normal(size=(count, 3))
    g /= np.linalg.norm(g, axis=1, keepdims=True)
    for _ in range(200):
        cosines = g @ g.T
        np.fill_diagonal(cosines, 0)
        force = ((2 + 2 * cosines) ** -1.5 - (2 - 2 * cosines) ** -1.5) @ g
        g += 0.02 * force / np.linalg.norm(force, axis=1).max()
        g /= np.linalg.norm(g, axis=1, keepdims=True)
    return g


def basis(vectors, degree):
    """MRtrix's real basis from scipy's complex one."""
    polar, azimuth = np.arccos(vectors[:, 2]), np.arctan2(vectors[:, 1], vectors[:, 0])
    columns = []
    for l in range(0, degree + 1, 2):
        for m in range(-l, l + 1):
            y = scipy.special.sph_harm_y(l, abs(m), polar, azimuth)
            columns.append(y.real if m == 0 else np.sqrt(2) * (y.imag if m < 0 else y.real))
    return np.stack(columns, axis=1)


def signals(b, g, random):
    """One or two fibres, grey matter and fluid in each voxel, with noise."""
    count = int(np.prod(SHAPE))
    data = np.zeros((count, len(b)))
    for voxel in range(count):
        shares = random.dirichlet([3, 1.5, 1, 0.5])
        for share in shares[:2]:
            axis = random.normal(size=3)
            axis /= np.linalg.norm(axis)
            data[voxel] += share * np.exp(-b * (2e-4 + 1.5e-3 * (g @ axis) ** 2))
        data[voxel] += shares[2] * np.exp(-b * 8e-4) + shares[3] * np.exp(-b * 3e-3)
    data = 1000 * data + random.normal(size=data.shape) * 15
    data[-1] = 0
    return data.reshape(*SHAPE, -1)


def save(name, data, affine, b, g):
    nibabel.save(nibabel.Nifti1Image(data.astype(np.float32), affine), FOLDER / f"{name}.nii.gz")
    np.savetxt(FOLDER / f"{name}.b", np.c_[g, b], fmt="%.9g")


def one_shell(affine, random):
    g = np.r_[np.zeros((3, 3)), directions(48, random)]
    b = np.r_[np.zeros(3), np.full(48, 3000)]
    data = signals(b, g, random)
    save("single", data, affine, b, g)
    inside = np.zeros(SHAPE, np.uint8)
    inside[:, :2] = 1
    nibabel.save(nibabel.Nifti1Image(inside, affine), FOLDER / "mask.nii.gz")
    grad = ["-grad", "single.b"]
    # What dwi2response manual runs.
    run("dwi2tensor", "single.nii.gz", "tensor.nii.gz", "-mask", "mask.nii.gz", *grad)
    run("tensor2metric", "tensor.nii.gz", "-vector", "fibres.nii.gz")
    run("mrconvert", "single.nii.gz", "single.mif", *grad)
    run("amp2response", "single.mif", "mask.nii.gz", "fibres.nii.gz", "manual.txt")
    for name in ("tensor.nii.gz", "single.mif"):
        (FOLDER / name).unlink()
    run("dwi2response", "fa", "single.nii.gz", "fa.txt", "-mask", "mask.nii.gz", "-number", "6", *grad)
    (FOLDER / "single.txt").write_text("620 -240 62 -9 1\n")
    csd = ["dwi2fod", "csd", "single.nii.gz", "single.txt"]
    own = ["-directions", "directions300.txt", *grad]
    run(*csd, "csd.nii.gz", *own)
    run(*csd, "csd-builtin.nii.gz", *grad)
    run(*csd, "csd-options.nii.gz", "-lmax", "6", "-mask", "mask.nii.gz", "-niter", "3",
        "-threshold", "0.05", "-neg_lambda", "0.5", "-norm_lambda", "2", *own)
    run("sh2peaks", "csd.nii.gz", "peaks.nii.gz", "-seeds", "directions60.txt")
    run("sh2peaks", "csd.nii.gz", "peaks-builtin.nii.gz", "-num", "2", "-threshold", "0.1")
    run("amp2sh", "single.nii.gz", "amp2sh.nii.gz", "-lmax", "6", *grad)
    run("sh2amp", "csd.nii.gz", "directions60.txt", "sh2amp.nii.gz")


def four_shells(affine, random):
    parts = [(4, 0.5), (12, 700), (20, 1200), (32, 2800)]
    g = np.concatenate([directions(n, random) * (b > 1) for n, b in parts])
    b = np.concatenate([np.full(n, b) for n, b in parts]) + 0.0
    order = random.permutation(len(b))
    b, g = b[order], g[order]
    save("multi", signals(b, g, random), affine, b, g)
    responses = {
        "wm": "3500 0 0 0\n2100 -560 70 -5\n1500 -620 130 -16\n800 -450 170 -38\n",
        "gm": "3500\n2000\n1360\n380\n", "csf": "3500\n430\n96\n0.8\n",
    }
    for name, text in responses.items():
        (FOLDER / f"{name}.txt").write_text(text)
    run("dwi2fod", "msmt_csd", "multi.nii.gz", "wm.txt", "wm.nii.gz", "gm.txt", "gm.nii.gz",
        "csf.txt", "csf.nii.gz", "-directions", "directions300.txt", "-grad", "multi.b")
    run("dwi2fod", "msmt_csd", "multi.nii.gz", "wm.txt", "wm4.nii.gz", "csf.txt", "csf4.nii.gz",
        "-lmax", "4,0", "-directions", "directions300.txt", "-grad", "multi.b")


def streamlines(affine):
    """A straight bundle that a curved one crosses, as densities of degree 6."""
    shape = (16, 14, 5)
    x, y, z = np.meshgrid(*map(np.arange, shape), indexing="ij")
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    damping = np.concatenate([np.full(2 * l + 1, np.exp(-0.03 * l * (l + 1))) for l in (0, 2, 4, 6)])

    def density(vectors):
        vectors = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True) @ axes.T
        return (basis(vectors.reshape(-1, 3), 6) * damping).reshape(*shape, -1)

    straight = (np.abs(y - 4) <= 1) & (np.abs(z - 2) <= 1)
    radius = np.hypot(x, y)
    curved = (np.abs(radius - 10) <= 1.5) & (np.abs(z - 2) <= 1)
    around = np.stack([-(y - 0.0), x + 0.001, 0 * z], axis=-1)
    fod = straight[..., None] * density(np.broadcast_to([1.0, 0, 0], (*shape, 3)))
    fod = 0.5 * (fod + curved[..., None] * density(around + 0.001))
    nibabel.save(nibabel.Nifti1Image(fod.astype(np.float32), affine), FOLDER / "bundles.nii.gz")
    seeds = np.zeros(shape, np.uint8)
    seeds[3:5, 4, 2] = 1
    seeds[7, 7, 2] = 1
    nibabel.save(nibabel.Nifti1Image(seeds, affine), FOLDER / "seeds.nii.gz")
    for name, options in {
        "stream": [], "stream-strict": ["-cutoff", "0.25", "-angle", "25", "-step", "0.7"],
    }.items():
        # A direction to start from, or it would be random.
        run("tckgen", "bundles.nii.gz", f"{name}.tck", "-algorithm", "SD_STREAM",
            "-seed_grid_per_voxel", "seeds.nii.gz", "3", "-seed_direction", "0.9,0.4,0.1",
            "-minlength", "6", *options)


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    random = np.random.default_rng(11)
    turn, _ = np.linalg.qr(np.array([[1, 0.1, -0.2], [0.3, 1, 0.1], [0.1, -0.2, 1.0]]))
    affine = np.eye(4)
    affine[:3, :3] = turn * np.sign(np.diag(turn)) * [2, 2.1, 1.9]
    affine[:3, 3] = (-9, 4, 13)
    for count, name in ((300, "ofConstraint"), (60, "ofSearch")):
        np.savetxt(FOLDER / f"directions{count}.txt", own_directions(name), fmt="%.12f")
    vectors = random.normal(size=(12, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[0], vectors[1] = (0, 0, 1), (1, 0, 0)
    np.savetxt(FOLDER / "basis.txt", np.c_[vectors, basis(vectors, 8)], fmt="%.15g")
    one_shell(affine, random)
    four_shells(affine, random)
    streamlines(affine)
    for path in FOLDER.glob("*.txt"):
        lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
        path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
