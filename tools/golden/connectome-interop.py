#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "networkx==3.6.1"]
# ///
"""Checks that networkx and NumPy read what `emseg connectome` writes.

A random table of synapses with CAVE's column names and 64-bit ids, with sizes, scores, autapses and
unassigned sides, is joined by `emseg connectome` and by a dictionary here; GraphML, node-link JSON,
the two lists of edges and the array must all give that graph, and the census of triads, reciprocity
and degrees be those of networkx.

Usage: tools/golden/connectome-interop.py --emseg .build/release/emseg [--synapses N]
"""

import argparse
import collections
import csv
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import networkx
import numpy as np

arguments = argparse.ArgumentParser()
arguments.add_argument("--emseg", required=True)
arguments.add_argument("--synapses", type=int, default=4000)
arguments = arguments.parse_args()
print({"networkx": networkx.__version__, "numpy": np.__version__}, file=sys.stderr)

generator = random.Random(7)
neurons = [0] + [720575940600000000 + generator.randrange(10**8) for _ in range(60)] + [2**64 - 1]
expected = collections.defaultdict(lambda: [0, 0, 0.0])
unassigned = autapses = 0
failures = []


def check(name, found, wanted):
    if found != wanted:
        failures.append(name)
    print(("equal " if found == wanted else "DIFFERS ") + name)


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    with open(folder / "synapses.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "pre_pt_position", "post_pt_position", "pre_pt_root_id", "post_pt_root_id", "size",
                        "score"])
        for number in range(arguments.synapses):
            pre, post = generator.choice(neurons), generator.choice(neurons)
            size, score = generator.randrange(1, 5000), generator.randrange(0, 256) / 256
            place = [generator.randrange(100_000) for _ in range(3)]
            table.writerow([number, place, [each + 40 for each in place], pre, post, size, score])
            if pre == 0 or post == 0:
                unassigned += 1
            elif pre == post:
                autapses += 1
            else:
                sums = expected[pre, post]
                sums[0] += 1
                sums[1] += size
                sums[2] += score
    out = folder / "connectome"
    subprocess.run([arguments.emseg, "connectome", folder / "synapses.csv", "--weight", "area", "--output", out,
                    "--measures", "reciprocity,triad_census,in_degree,out_degree", "--plot"], check=True)
    document = json.loads((out / "connectome.json").read_text())
    counts = document["graph"]["synapses"]
    check("unassigned and autapses", (counts["unassigned"], counts["autapses"]), (unassigned, autapses))
    wanted = {pair: (sums[0], float(sums[1]), sums[2] / sums[0]) for pair, sums in expected.items()}

    graphml = networkx.read_graphml(out / "connectome.graphml")
    check("GraphML is directed", graphml.is_directed() and not graphml.is_multigraph(), True)
    check("GraphML", {(int(a), int(b)): (data["count"], data["size"], data["mean_score"])
                      for a, b, data in graphml.edges(data=True)}, wanted)
    check("GraphML's weights", all(data["weight"] == data["size"] for _, _, data in graphml.edges(data=True)), True)
    linked = networkx.node_link_graph(document, edges="edges")
    check("JSON", {(int(a), int(b)): (data["count"], float(data["size"]), data["mean_score"])
                   for a, b, data in linked.edges(data=True)}, wanted)
    check("JSON's nodes", all(int(node) in neurons and data["out_degree"] == linked.out_degree(node)
                              for node, data in linked.nodes(data=True)), True)
    for name, delimiter in [("edges.csv", ","), ("edges.tsv", "\t")]:
        with open(out / name, newline="") as file:
            rows = list(csv.DictReader(file, delimiter=delimiter))
        check(name, {(int(row["pre"]), int(row["post"])): (int(row["count"]), float(row["size"]),
                                                         float(row["mean_score"])) for row in rows}, wanted)
    array = np.load(out / "adjacency.npy", allow_pickle=False)
    with open(out / "labels.csv", newline="") as file:
        labels = [int(row["segment"]) for row in csv.DictReader(file)]
    check("labels", labels, sorted({segment for pair in wanted for segment in pair}))
    check("array", {(labels[a], labels[b]): array[a, b] for a, b in np.argwhere(array)},
          {pair: value[1] for pair, value in wanted.items()})
    measured = json.loads((out / "measures.json").read_text())["graphs"][0]
    check("triads", {name: int(value) for name, value in measured["binary"]["triad_census"].items()},
          networkx.triadic_census(graphml))
    check("reciprocity", round(measured["binary"]["reciprocity"], 12),
          round(networkx.overall_reciprocity(graphml), 12))
    for name, degree in [("in_degree", graphml.in_degree), ("out_degree", graphml.out_degree)]:
        check(name, dict(zip(measured["nodes"], measured["binary"][name])), dict(degree()))

sys.exit(f"differing: {', '.join(failures)}" if failures else 0)
