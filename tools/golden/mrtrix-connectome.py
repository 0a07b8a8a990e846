# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "nibabel==5.4.2"]
# ///
"""Asks tck2connectome of MRtrix3 3.0.3 for the matrices and assignments of small parcellations.

Half of the streamlines end on the centres, the faces and the corners of voxels, so that ties have to
fall alike; the images are stored in five orientations. Run from the package's root:
python tools/golden/mrtrix-connectome.py
"""

import pathlib
import subprocess

import nibabel
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2] / "volumes" / "golden" / "mrtrix3-3.0.3"
FOLDER = ROOT / "connectome"
SHAPE = (14, 12, 10)
STREAMLINES = 200
ASSIGNMENTS = {
    "radial2": ["-assignment_radial_search", "2"],
    "radial4": ["-assignment_radial_search", "4"],
    "end-voxels": ["-assignment_end_voxels"],
    "reverse0": ["-assignment_reverse_search", "0"],
    "reverse3": ["-assignment_reverse_search", "3"],
    "forward6": ["-assignment_forward_search", "6"],
    "all-voxels": ["-assignment_all_voxels"],
}


def orientations():
    turn, _ = np.linalg.qr(np.array([[1, 0.1, -0.2], [0.3, 1, 0.1], [0.1, -0.2, 1.0]]))
    linear = {
        "ras": np.diag([2, 2, 2.0]),
        "las": np.diag([-2, 2, 2.0]),
        "lps": np.diag([-1.5, -2, 2.5]),
        "psr": np.array([[0, 0, 2.0], [-2, 0, 0], [0, 2, 0]]),
        "turned": turn * np.array([2, 1.5, 1.25]),
    }
    for name, matrix in linear.items():
        affine = np.eye(4)
        affine[:3, :3] = matrix
        affine[:3, 3] = [3.5, -7.25, 1]
        yield name, affine


def streamlines(generator, affine):
    for index in range(STREAMLINES):
        count = int(generator.integers(2, 9))
        if index % 4 == 0:
            start = generator.integers(-2, 32, 3) / 2
            steps = np.tile(generator.integers(-1, 2, 3) / 2, (count, 1))
        elif index % 4 == 1:
            start = generator.integers(-2, 32, 3) / 2
            steps = generator.integers(-2, 3, (count, 3)) / 2
        else:
            start = generator.random(3) * 16 - 1
            steps = generator.normal(size=3) * 0.5 + generator.normal(size=(count, 3)) * 0.2
        points = (start + np.cumsum(steps, 0)) @ affine[:3, :3].T + affine[:3, 3]
        yield points.astype(np.float32)


def ask(name, output, *options, assignments=None):
    command = ["tck2connectome", f"{name}.tck", f"{name}.nii.gz", output, *options]
    if assignments:
        command += ["-out_assignments", assignments]
    # One thread: the order of sums depends on their number.
    subprocess.run([*command, "-nthreads", "0", "-quiet", "-force"], check=True, cwd=FOLDER)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(7)
    for name, affine in orientations():
        labels = np.zeros(SHAPE, np.int32)
        labelled = generator.random(SHAPE) < 0.12
        labels[labelled] = generator.integers(1, 12, labelled.sum())
        nibabel.save(nibabel.Nifti1Image(labels, affine), FOLDER / f"{name}.nii.gz")
        lines = list(streamlines(generator, affine))
        tractogram = nibabel.streamlines.Tractogram(lines, affine_to_rasmm=np.eye(4))
        nibabel.streamlines.save(tractogram, str(FOLDER / f"{name}.tck"))
        for column in ("weights", "values"):
            np.savetxt(FOLDER / f"{name}_{column}.txt", generator.random(len(lines)), fmt="%.9f")
        for assignment, options in ASSIGNMENTS.items():
            ask(
                name, f"{name}_{assignment}.csv", *options, "-keep_unassigned", "-symmetric",
                assignments=f"{name}_{assignment}.txt")
        weights = ["-tck_weights_in", f"{name}_weights.txt"]
        values = ["-scale_file", f"{name}_values.txt"]
        ask(name, f"{name}_weighted_length_values.csv", "-scale_length", *weights, *values)
        ask(
            name, f"{name}_invlength_invnodevol_mean.csv", "-scale_invlength", "-scale_invnodevol",
            *weights, "-stat_edge", "mean")
        ask(name, f"{name}_values_min.csv", *values, "-stat_edge", "min", "-zero_diagonal")
        ask(name, f"{name}_values_max.csv", *values, "-stat_edge", "max", "-symmetric")
    for path in FOLDER.glob("*.txt"):
        # The comment names the machine's folders.
        text = [line for line in path.read_text().splitlines() if not line.startswith("#")]
        path.write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
