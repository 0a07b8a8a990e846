#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "numpy==2.4.6", "scipy==1.17.1", "networkx==3.6.1", "scikit-image==0.26.0", "h5py==3.16.0",
# ]
# ///
"""Writes what other evaluations give: tools/golden/evaluation.py CREMI FUNLIB GALA

The arguments are checkouts of github.com/cremi/cremi_python at aa6d211, funkelab/funlib.evaluate at
d2852b3 and janelia-flyem/gala at db73a1c; none is in a package index. CREMI's is written for Python
2 and old NumPy: what has another name today is renamed as it is read, nothing else is changed.

volumes/golden/<peer>/evaluation/*.json. The volumes are formulas, which the tests know too.
"""

import json
import pathlib
import re
import sys
import types

import networkx
import numpy as np
import scipy.ndimage
import skimage
import skimage.metrics

golden = pathlib.Path(__file__).resolve().parents[2] / "volumes/golden"
cremi_path, funlib_path, gala_path = map(pathlib.Path, sys.argv[1:4])
CREMI, FUNLIB, GALA = "cremi_python-aa6d211", "funlib.evaluate-d2852b3", "gala-db73a1c"


def load(path, wanted=None):
    """A module from its source, or only the functions named."""
    text = path.read_text()
    if wanted:
        parts = re.split(r"(?m)^(?=def |class )", text)
        text = "import numpy as np\nimport scipy.sparse as sparse\n" + "".join(
            p for p in parts if re.match(r"def (\w+)", p) and re.match(r"def (\w+)", p)[1] in wanted)
    text = re.sub(r"(?m)^(\s*)print .*$", r"\1pass", text)
    text = re.sub(r"np\.(bool|float)\b", r"\1", text).replace("xrange", "range")
    module = types.ModuleType(path.stem)
    module.__dict__["scipy"] = scipy
    exec(compile(text, str(path), "exec"), module.__dict__)
    return module


def write(peer, name, content):
    folder = golden / peer / "evaluation"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


# Volumes of 40 voxels along each axis; the test has the same formulas.
z, y, x = np.indices((40, 40, 40), dtype=np.int64)
truth = 1 + (z + y * y // 37) // 13 % 4 * 9 + (y + x // 3) // 11 % 3 * 3 + (x + z // 2) // 15 % 3
solid = truth.astype(np.uint64)
truth[(7 * z + 5 * y + 3 * x) % 11 == 0] = 0
segmentation = 1 + (z + 2 + y * y // 41) // 13 % 4 * 16 + (y + x // 4) // 12 % 4 * 4 + (x + z // 3) // 11 % 4
segmentation[(5 * z + 3 * y + 7 * x) % 13 == 0] = 0
truth, segmentation = truth.astype(np.uint64), segmentation.astype(np.uint64)

evaluation = cremi_path / "cremi/evaluation"
voi, rand = load(evaluation / "voi.py"), load(evaluation / "rand.py")
border = load(evaluation / "border_mask.py")
unlabelled = np.uint64(2**64 - 1)
cases = {}
for name, ids, threshold in [
    ("plain", truth, None), ("unlabelled", np.where(truth == 0, unlabelled, truth), None),
    ("border", solid, 8.0), ("border-far", solid, 11.9),
]:
    ids = ids.copy()
    if threshold:
        border.create_border_mask(ids.copy(), ids, threshold / 4, unlabelled)
    ids += np.uint64(1)  # as NeuronIds does: the mark for unlabelled voxels becomes 0
    split, merge = voi.voi(segmentation, ids, ignore_groundtruth=[0])
    are, precision, recall = rand.adapted_rand(segmentation, ids, all_stats=True)
    cases[name] = {
        "split": split, "merge": merge, "arand": are, "precision": precision, "recall": recall,
        "score": float(np.sqrt((split + merge) * are)), "voxels": int((ids != 0).sum())}
write(CREMI, "volumes", cases)

gala = load(gala_path / "gala/evaluate.py", {
    "split_vi", "vi_tables", "contingency_table", "divide_rows", "divide_columns", "xlogx",
    "adapted_rand_error"})
found = {}
for name, ignored in [("cremi", ([], [0])), ("labelled", ([0], [0])), ("whole", ([], []))]:
    merge, split = gala.split_vi(segmentation.astype(int), truth.astype(int), *ignored)
    found[name] = {"split": split, "merge": merge}
# Its adapted_rand_error counts truth 0 as an object, whatever its documentation says, and leaves out
# pairs of a voxel with itself.
are, precision, recall = gala.adapted_rand_error(
    segmentation.astype(int), truth.astype(int), all_stats=True)
found["whole"] |= {"arand": are, "precision": precision, "recall": recall}
write(GALA, "volumes", found)

split, merge = skimage.metrics.variation_of_information(
    truth.astype(int), segmentation.astype(int), ignore_labels=(0,))
are, _, _ = skimage.metrics.adapted_rand_error(
    truth.astype(int), segmentation.astype(int), ignore_labels=(0,))
write(f"scikit-image-{skimage.__version__}", "volumes", {
    "cremi": {"split": split, "merge": merge, "arand": are}})

# Skeletons: random trees whose nodes lie in segments that change along them.
runs = load(funlib_path / "funlib/evaluate/run_length.py")
generator = np.random.default_rng(31)
skeletons = []
for case in range(6):
    graph, lut, stored, node = networkx.Graph(), {}, [], 0
    for skeleton in range(5):
        nodes, first = [], node
        for index in range(int(generator.integers(2, 30))):
            parent = None if index == 0 else int(generator.integers(max(0, index - 3), index))
            position = generator.integers(0, 1000, 3).tolist()
            segment = skeleton * 10 + index // 6 if generator.random() < 0.8 else (
                0 if generator.random() < 0.5 else int(generator.integers(1, 50)))
            if case == 0 and segment == 0:
                segment = 1000 + skeleton
            nodes.append({"position": position, "parent": parent, "segment": segment})
            graph.add_node(node, skeleton=skeleton + 1, z=position[0], y=position[1], x=position[2])
            lut[node] = segment
            if parent is not None:
                graph.add_edge(node, first + parent)
            node += 1
        stored.append(nodes)
    # Its statistics are asked for apart: of one version, what comes with them is of the last
    # skeleton alone. And they count segment 0 as merging, which the run length does not.
    value = runs.expected_run_length(
        graph, "skeleton", "length", lut, skeleton_position_attributes=["z", "y", "x"])
    scores, stats = runs.evaluate_skeletons(graph, "skeleton", lut, return_merge_split_stats=True)
    skeletons.append({
        "skeletons": stored, "erl": float(value),
        "edges": [[s.correct, s.split, s.merged, s.ommitted] for _, s in sorted(scores.items())],
        "merging": sorted(int(s) for s in stats["merge_stats"] if s != 0),
        "zero_merges": 0 in stats["merge_stats"]})
write(FUNLIB, "skeletons", skeletons)

# Synapses: what was found lies near what is there, or not.
partners = load(evaluation / "synaptic_partners.py")


class Annotations:
    def __init__(self, synapses):
        self.offset = (0.0, 0.0, 0.0)
        self.positions = [p for s in synapses for p in (s["pre"], s["post"])]
        self.pre_post_partners = [(2 * i, 2 * i + 1) for i in range(len(synapses))]

    def locations(self):
        return self.positions

    def get_annotation(self, index):
        return ("site", tuple(self.positions[index]))


class Neurons:
    """Cubes of 1000 nm."""

    offset = (0.0, 0.0, 0.0)

    def __getitem__(self, place):
        return int(place[0] // 1000) * 100 + int(place[1] // 1000) * 10 + int(place[2] // 1000)


def pair(rng):
    pre = rng.integers(0, 3000, 3)
    return {"pre": pre.tolist(), "post": (pre + rng.integers(-300, 300, 3)).clip(0, 2999).tolist()}


synapses = []
for case, (true_count, moved, other) in enumerate([(40, 150, 10), (90, 400, 0), (25, 60, 60)]):
    rng = np.random.default_rng(100 + case)
    true = [pair(rng) for _ in range(true_count)]
    near = [
        {k: (np.array(s[k]) + rng.integers(-moved, moved, 3)).clip(0, 2999).tolist() for k in s}
        for s in true if rng.random() < 0.85]
    found = near + [pair(rng) for _ in range(other)]
    f, precision, recall, fp, fn, matches = partners.synaptic_partners_fscore(
        Annotations(found), Annotations(true), Neurons(), 400, all_stats=True)
    synapses.append({
        "found": found, "true": true, "f1": f, "precision": precision, "recall": recall,
        "false_positives": fp, "false_negatives": fn,
        "distance": float(sum(c for _, _, c in matches))})
write(CREMI, "synapses", synapses)
