# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "nibabel==5.4.2", "dipy==1.12.1"]
# ///
"""Fits tensors to one small made-up image with MRtrix 3.0.3 and DIPY 1.12.1.

The image has 6 x 5 x 4 voxels of random tensors, noise, a voxel of zeros, one with a negative
signal and one with outliers, in an oblique grid stored from left to right. Needs MRtrix 3.0.3's dwi2tensor and
tensor2metric. Run from the package's root: python tools/golden/tensors.py
"""

import pathlib
import shutil
import subprocess
import sys

import nibabel
import numpy as np
from dipy.core.gradients import gradient_table
from dipy.reconst import dti

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
ROOT = pathlib.Path(__file__).resolve().parents[2] / "volumes" / "golden" / "tensors"
SHAPE = (6, 5, 4)
AFFINE = np.eye(4)
AFFINE[:3, :3] = nibabel.eulerangles.euler2mat(0.2, -0.15, 0.1) @ np.diag([2.0, 2.0, 2.5])
AFFINE[:3, 3] = (-20, 13, 7)


def save(name, data):
    nibabel.save(nibabel.Nifti1Image(data.astype(np.float32), AFFINE), ROOT / name)


def image(random):
    directions = random.normal(size=(30, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    b = np.r_[0, 5, np.repeat([1000, 2000], 15)]
    g = np.r_[[[0, 0, 0], [1, 0, 0]], directions]
    factor = random.normal(size=SHAPE + (3, 3)) * 0.02
    tensors = factor @ factor.transpose(0, 1, 2, 4, 3) + 2e-4 * np.eye(3)
    signals = 800 * np.exp(-b * np.einsum("ni,xyzij,nj->xyzn", g, tensors, g))
    signals = np.hypot(signals + random.normal(size=signals.shape) * 15,
                       random.normal(size=signals.shape) * 15)
    signals[0, 0, 0] = 0
    signals[1, 0, 0, 7] = -4
    signals[2, 0, 0, [9, 20]] *= (3, 0.02)
    return np.round(signals, 2), b, g


def run(*arguments):
    names = [a.name if isinstance(a, pathlib.Path) else str(a) for a in arguments]
    subprocess.run([*names, "-quiet", "-force"], check=True, cwd=ROOT)


def main():
    shutil.rmtree(ROOT, ignore_errors=True)
    ROOT.mkdir(parents=True)
    signals, b, g = image(np.random.default_rng(20))
    save("dwi.nii.gz", signals)
    # The affine is right-handed: FSL's first component is reversed.
    np.savetxt(ROOT / "dwi.bvec", (g * (-1, 1, 1)).T, fmt="%.17g")
    np.savetxt(ROOT / "dwi.bval", b[None], fmt="%g")
    (ROOT / "columns.bvec").write_text("\n".join(
        "nan nan nan" if value == 0 else " ".join(f"{v:.17g}" for v in row)
        for value, row in zip(b, g * (-1, 1, 1))) + "\n")
    gradients = ["-fslgrad", "dwi.bvec", "dwi.bval"]
    run("mrinfo", "dwi.nii.gz", *gradients, "-bvalue_scaling", "no", "-export_grad_mrtrix", "dwi.b")
    for name, options in {"ols": ["-ols", "-iter", "0"], "wls": ["-iter", "0"], "iwls": []}.items():
        run("dwi2tensor", "dwi.nii.gz", *gradients, *options,
            f"mrtrix-{name}.nii.gz", "-b0", f"mrtrix-{name}-s0.nii.gz",
            "-predicted_signal", f"mrtrix-{name}-predicted.nii.gz")
    maps = dict(fa="fa", adc="md", ad="ad", rd="rd", cl="cl", cp="cp", cs="cs")
    run("tensor2metric", "mrtrix-iwls.nii.gz",
        *(part for option, name in maps.items() for part in (f"-{option}", f"mrtrix-{name}.nii.gz")))
    for number in (1, 2, 3):
        run("tensor2metric", "mrtrix-iwls.nii.gz", "-num", number, "-modulate", "none",
            "-vector", f"mrtrix-v{number}.nii.gz", "-value", f"mrtrix-l{number}.nii.gz")
    # In scanner axes, as dwi.b has them.
    table = gradient_table(b, bvecs=np.loadtxt(ROOT / "dwi.b", comments="#")[:, :3], b0_threshold=5)
    for name in ("OLS", "WLS", "NLLS"):
        fit = dti.TensorModel(table, fit_method=name, return_S0_hat=True).fit(
            np.asanyarray(nibabel.load(ROOT / "dwi.nii.gz").dataobj).astype(float))
        save(f"dipy-{name.lower()}.nii.gz", fit.lower_triangular())
        save(f"dipy-{name.lower()}-s0.nii.gz", fit.S0_hat)
        if name == "WLS":
            for key in ("fa", "md", "ad", "rd", "mode", "linearity", "planarity", "sphericity"):
                save(f"dipy-{key}.nii.gz", getattr(fit, key))
    robust = dti.TensorModel(table, fit_method="RESTORE", sigma=15.0, return_S0_hat=True).fit(
        np.asanyarray(nibabel.load(ROOT / "dwi.nii.gz").dataobj).astype(float)[1:])
    save("dipy-restore.nii.gz", np.pad(robust.lower_triangular(), ((1, 0), (0, 0), (0, 0), (0, 0))))


if __name__ == "__main__":
    main()
