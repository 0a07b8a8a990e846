# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "nibabel==5.4.2"]
# ///
"""Asks tckedit, tckresample, tckmap, tckstats and connectome2tck of MRtrix3 3.0.3 what they make of
small tractograms.

A part of the points lies on the centres, the faces and the corners of voxels, so that ties have to
fall alike; the images are stored in four orientations. Run from the package's root:
python tools/golden/mrtrix-streamlines.py
"""

import pathlib
import shutil
import subprocess

import nibabel
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2] / "volumes" / "golden" / "mrtrix3-3.0.3"
FOLDER = ROOT / "streamlines"
SHAPE = (12, 10, 9)
STREAMLINES = 60

FILTERS = {
    "include": ["-include", "{n}_one.nii.gz", "-include", "{n}_two.nii.gz"],
    "ordered": ["-include_ordered", "{n}_one.nii.gz", "-include_ordered", "{n}_two.nii.gz"],
    "exclude": ["-exclude", "{n}_one.nii.gz"],
    "sphere": ["-include", "8,6,9,6"],
    "mask": ["-mask", "{n}_two.nii.gz"],
    "invmask": ["-mask", "{n}_two.nii.gz", "-inverse"],
    "inverse": ["-include", "{n}_one.nii.gz", "-mask", "{n}_two.nii.gz", "-inverse"],
    "ends": ["-include", "{n}_two.nii.gz", "-exclude", "{n}_one.nii.gz", "-ends_only"],
    "length": ["-minlength", "10", "-maxlength", "20"],
    "weight": ["-minweight", "0.3", "-maxweight", "0.8", "-tck_weights_in", "{n}_weights.txt",
               "-tck_weights_out", "{n}_weight.txt"],
    "number": ["-exclude", "{n}_one.nii.gz", "-number", "7", "-skip", "3"],
}
RESAMPLINGS = {
    "step": ["-step_size", "0.7"],
    "points": ["-num_points", "9"],
    "downsample": ["-downsample", "3"],
    "upsample": ["-upsample", "3"],
    "ends": ["-endpoints"],
}
MAPS = {
    "tdi": [],
    "tdi-upsample": ["-upsample", "4"],
    "ends": ["-ends_only"],
    "precise": ["-precise"],
    "colour": ["-dec"],
    "colour-precise": ["-dec", "-precise"],
    "length-mean": ["-contrast", "length", "-stat_vox", "mean"],
    "length-min": ["-contrast", "length", "-stat_vox", "min"],
    "invlength-max": ["-contrast", "invlength", "-stat_vox", "max"],
    "weighted": ["-tck_weights_in", "{n}_weights.txt"],
    "values": ["-contrast", "vector_file", "-vector_file", "{n}_weights.txt", "-stat_vox", "mean"],
    "scalar": ["-contrast", "scalar_map", "-image", "{n}_scalar.nii.gz", "-stat_vox", "mean"],
    "scalar-median": ["-contrast", "scalar_map", "-image", "{n}_scalar.nii.gz", "-stat_tck",
                      "median"],
    "scalar-ends": ["-contrast", "scalar_map", "-image", "{n}_scalar.nii.gz", "-stat_tck",
                    "ends_max", "-stat_vox", "max"],
    "vox": ["-vox", "1.3,1.5,0.9"],
}


def orientations():
    turn, _ = np.linalg.qr(np.array([[1, 0.1, -0.2], [0.3, 1, 0.1], [0.1, -0.2, 1.0]]))
    turn *= np.sign(np.diag(turn))
    linear = {
        "ras": np.diag([2, 2, 2.0]),
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
        count = int(generator.integers(2, 14))
        if index % 4 == 0:
            start = generator.integers(-2, 26, 3) / 2
            steps = np.tile(generator.integers(-1, 2, 3) / 2, (count, 1))
            steps[:, 0] += 0.5
        elif index % 4 == 1:
            start = generator.integers(-2, 26, 3) / 2
            steps = generator.integers(-2, 3, (count, 3)) / 2
            steps[:, 1] += np.where((steps == 0).all(axis=1), 0.5, 0)
        else:
            start = generator.random(3) * 13 - 1
            steps = generator.normal(size=3) * 0.5 + generator.normal(size=(count, 3)) * 0.2
        points = (start + np.cumsum(steps, 0)) @ affine[:3, :3].T + affine[:3, 3]
        yield points.astype(np.float32)


def write_tck(path, lines, step=None):
    header = "mrtrix tracks\n" + (f"step_size: {step}\n" if step else "")
    header += f"datatype: Float32LE\ncount: {len(lines)}\n"
    offset = len(header) + len("file: . 000\nEND\n")
    end = np.full(3, np.nan, np.float32)
    body = np.concatenate([np.concatenate([line, end[None]]) for line in lines]
                          + [np.full((1, 3), np.inf, np.float32)])
    path.write_bytes(f"{header}file: . {offset:03d}\nEND\n".encode() + body.astype("<f4").tobytes())


def ask(*words):
    # One thread: the order of sums depends on their number.
    subprocess.run([*words, "-nthreads", "0", "-quiet", "-force"], check=True, cwd=FOLDER)


def short(folder, pattern="*_*.tck"):
    """Leaves the history out of headers, which tells times and places."""
    for path in folder.glob(pattern):
        lines, data = [], path.read_bytes()
        head, body = data.split(b"\nEND\n", 1)
        offset = int(head.split(b"file: . ")[1].split(b"\n")[0])
        points = data[offset:]
        for line in head.split(b"\n"):
            if line.split(b":")[0] in (b"datatype", b"count", b"step_size", b"mrtrix tracks    "):
                lines.append(line)
        text = b"\n".join(lines)
        place = len(text) + len(b"\nfile: . 000\nEND\n")
        path.write_bytes(text + f"\nfile: . {place:03d}\nEND\n".encode() + points)


EDGES = {
    "plain": [],
    "self": ["-keep_self"],
    "unassigned": ["-keep_unassigned"],
    "nodes": ["-nodes", "2,5:7"],
    "exclusive": ["-nodes", "2,5:7", "-exclusive"],
    "node": ["-files", "per_node"],
    "node-self": ["-files", "per_node", "-keep_self"],
}
SINGLES = {
    "single": ["-nodes", "2,5:7"],
    "single-exclusive": ["-nodes", "2,5:7", "-exclusive"],
    "single-zero": ["-nodes", "0", "-keep_self"],
}


def edges():
    """Of connectome2tck's many files the names of those with streamlines, and sums of what they hold."""
    folder, connectome = ROOT / "edges", ROOT / "connectome"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for mode in ("radial2", "all-voxels"):
        words = ["connectome2tck", connectome / "ras.tck", connectome / f"ras_{mode}.txt"]
        for part, options in EDGES.items():
            files = folder / "files"
            files.mkdir()
            subprocess.run(
                [*words, f"{files}/", *options, "-tck_weights_in", connectome / "ras_weights.txt",
                 "-prefix_tck_weights_out", f"{files}/", "-quiet"], check=True)
            found = {}
            for path in files.glob("*.tck"):
                lines = nibabel.streamlines.load(path).streamlines
                nodes = "-".join(sorted(path.stem.split("-"), key=int))
                if len(lines):
                    weights = np.atleast_1d(np.loadtxt(path.with_suffix(".csv")))
                    total = sum(line.astype(float).sum() for line in lines)
                    found[nodes] = f"{len(lines)} {total:.6f} {weights.sum():.6f}"
            shutil.rmtree(files)
            text = "".join(f"{name} {sums}\n" for name, sums in sorted(found.items()))
            (folder / f"{mode}_{part}.txt").write_text(text)
    for part, options in SINGLES.items():
        subprocess.run(
            ["connectome2tck", connectome / "ras.tck", connectome / "ras_radial2.txt",
             folder / f"{part}.tck", *options, "-files", "single", "-quiet"], check=True)
    short(folder, "single*.tck")


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    generator = np.random.default_rng(11)
    for name, affine in orientations():
        def save(values, part):
            nibabel.save(nibabel.Nifti1Image(values, affine), FOLDER / f"{name}_{part}.nii.gz")

        for part, share in (("one", 0.1), ("two", 0.4)):
            save((generator.random(SHAPE) < share).astype(np.uint8), part)
        save(generator.normal(size=SHAPE).astype(np.float32), "scalar")
        lines = list(streamlines(generator, affine))
        write_tck(FOLDER / f"{name}.tck", lines, step=1.5)
        np.savetxt(FOLDER / f"{name}_weights.txt", generator.random(STREAMLINES), fmt="%.6f")
        fill = lambda words: [word.format(n=name) for word in words]
        for part, options in FILTERS.items():
            ask("tckedit", f"{name}.tck", f"{name}_filter-{part}.tck", *fill(options))
        for part, options in RESAMPLINGS.items():
            ask("tckresample", f"{name}.tck", f"{name}_resample-{part}.tck", *options)
        for part, options in MAPS.items():
            ask("tckmap", f"{name}.tck", f"{name}_map-{part}.nii.gz", "-template",
                f"{name}_one.nii.gz", *fill(options))
        ask("tckmap", f"{name}.tck", f"{name}_map-box.nii.gz", "-vox", "3")
        fields = ["mean", "median", "std", "min", "max", "count"]
        words = [word for field in fields for word in ("-output", field)]
        for part, options in (("plain", []), ("weighted", ["-tck_weights_in", f"{name}_weights.txt"])):
            result = subprocess.run(
                ["tckstats", f"{name}.tck", *words, *options, "-quiet", "-force", "-histogram",
                 f"{name}_histogram-{part}.csv", "-dump", f"{name}_lengths.txt"],
                check=True, cwd=FOLDER, capture_output=True, text=True)
            (FOLDER / f"{name}_stats-{part}.txt").write_text(result.stdout)
            history = FOLDER / f"{name}_histogram-{part}.csv"
            lines = [line for line in history.read_text().splitlines() if line and line[0] != "#"]
            history.write_text("\n".join(lines) + "\n")
    short(FOLDER)
    edges()


if __name__ == "__main__":
    main()
