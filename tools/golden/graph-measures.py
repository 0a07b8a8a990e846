#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "scipy==1.17.1", "bctpy==0.6.1", "networkx==3.6.1"]
# ///
"""Writes volumes/golden/bctpy-0.6.1/graphs and .../groups: graph measures as bctpy and networkx give
them, and the network-based statistic of two small groups.

A file of graphs holds the matrix, whether it is directed, a partition, and what is expected under
the names of `tracts measures`; not a number is null. Where bctpy 0.6.1 departs from its own papers
the formula is written out here: transitivity_wd (0 as soon as one node has no triangle),
assortativity_wei of directed graphs (fails) and the neighbourhoods of directed graphs in efficiency_bin (leaving connections alone).

Usage: tools/golden/graph-measures.py
"""

import importlib.metadata
import itertools
import json
import math
import pathlib
import sys
import warnings

import bct
import networkx
import numpy as np
import scipy
from scipy import stats
from scipy.sparse.csgraph import connected_components

versions = {"bctpy": importlib.metadata.version("bctpy"), "networkx": networkx.__version__, "numpy": np.__version__,
            "scipy": scipy.__version__}
print(versions, file=sys.stderr)
warnings.filterwarnings("ignore")
root = pathlib.Path(__file__).parents[2] / "volumes/golden/bctpy-0.6.1"


def plain(value):
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(each) for each in value]
    if isinstance(value, (bool, np.bool_, str)):
        return value
    value = int(value) if isinstance(value, (int, np.integer)) else float(value)
    return None if isinstance(value, float) and math.isnan(value) else value


def distances(lengths, binary):
    return bct.distance_bin(lengths) if binary else bct.distance_wei(lengths)[0]


def measures(weights, directed, partition, binary):
    """What bctpy says of one matrix without a diagonal."""
    n = len(weights)
    present = (weights > 0).astype(float)
    largest = weights.max() if n and weights.max() > 0 else 1
    scaled = present if binary else weights / largest
    raw = present if binary else weights
    lengths = np.divide(1, scaled, out=np.zeros_like(scaled), where=scaled > 0)
    reach = distances(lengths, binary)
    off = ~np.eye(n, dtype=bool)
    finite = off & np.isfinite(reach)
    result = {}
    if binary:
        result["density"] = present.sum() / (n * n - n)
        result["degree"] = present.sum(0) + (present.sum(1) if directed else 0)
        result["components"] = connected_components(present, directed=False)[0]
        if directed:  # bctpy takes nodes that no connection enters out of every core
            cores = networkx.core_number(networkx.from_numpy_array(present, create_using=networkx.DiGraph))
            result["coreness"] = [cores[node] for node in range(n)]
        else:
            result["coreness"] = bct.kcoreness_centrality_bu(present)[0]
    else:
        result["strength"] = weights.sum(0) + (weights.sum(1) if directed else 0)
    if directed:
        clustering = bct.clustering_coef_bd(scaled) if binary else bct.clustering_coef_wd(scaled)
        both = np.cbrt(scaled) + np.cbrt(scaled.T)
        degree = (present + present.T).sum(1)
        possible = degree * (degree - 1) - 2 * np.diag(present @ present)
        transitivity = np.trace(both @ both @ both) / 2 / possible.sum()
        out, into = raw.sum(1), raw.sum(0)
        a, b = (ends := np.nonzero(raw)) and (out[ends[0]], into[ends[1]])
        square = np.mean((a + b) / 2) ** 2
        result["assortativity"] = (np.mean(a * b) - square) / (np.mean((a * a + b * b) / 2) - square)
        result["rich_club"] = bct.rich_club_bd(raw)[0] if binary else bct.rich_club_wd(raw)
    else:
        clustering = bct.clustering_coef_bu(scaled) if binary else bct.clustering_coef_wu(scaled)
        transitivity = bct.transitivity_bu(scaled) if binary else bct.transitivity_wu(scaled)
        result["assortativity"] = (bct.assortativity_bin if binary else bct.assortativity_wei)(raw)
        result["rich_club"] = bct.rich_club_bu(raw)[0] if binary else bct.rich_club_wu(raw)
    result["clustering"] = clustering
    result["mean_clustering"] = np.mean(clustering)
    result["transitivity"] = transitivity
    result["path_length"] = bct.charpath(reach, include_infinite=False)[0] if finite.any() else math.nan
    result["global_efficiency"] = bct.efficiency_bin(scaled) if binary else bct.efficiency_wei(scaled)
    result["local_efficiency"] = (
        bct.efficiency_bin(scaled, local=True) if binary and not directed
        else bct.efficiency_wei(scaled, local=True))
    result["eccentricity"] = np.where(finite, reach, 0).max(1)
    result["diameter"] = result["eccentricity"].max()
    result["betweenness"] = bct.betweenness_bin(scaled) if binary else bct.betweenness_wei(lengths)
    strong = connected_components(present, connection="strong")[0] == 1
    if strong and n > 2:
        values, vectors = np.linalg.eig(raw.T)
        result["eigenvector_centrality"] = np.abs(vectors[:, np.argmax(values.real)])
    result["participation"] = bct.participation_coef(raw, partition)
    result["within_module_z"] = bct.module_degree_zscore(raw, partition)
    graph = networkx.from_numpy_array(raw, create_using=networkx.DiGraph if directed else networkx.Graph)
    if graph.size():
        groups = [set(np.flatnonzero(partition == each).tolist()) for each in np.unique(partition)]
        result["modularity"] = networkx.community.modularity(graph, groups, weight="weight")
        result["best_modularity"] = max(
            (bct.modularity_louvain_dir if directed else bct.modularity_louvain_und)(raw, seed=seed)[1]
            for seed in range(20))
    if directed and binary:
        result["in_degree"], result["out_degree"] = present.sum(0), present.sum(1)
        result["reciprocity"] = networkx.overall_reciprocity(graph)
        census = networkx.triadic_census(graph)
        result["triad_census"] = census
    if directed and not binary:
        result["in_strength"], result["out_strength"] = weights.sum(0), weights.sum(1)
    return result


def undirected(generator, n, density, weight):
    upper = np.triu(generator.random((n, n)) < density, 1) * weight(generator, n)
    return upper + upper.T


def real(generator, n):
    return generator.gamma(1.5, 2, (n, n))


def whole(generator, n):
    return generator.integers(1, 5, (n, n)).astype(float)


def graphs():
    generator = np.random.default_rng(20261)
    yield "weighted", undirected(generator, 30, 0.25, real), False
    yield "ties", undirected(generator, 24, 0.2, whole), False
    apart = np.zeros((22, 22))
    apart[:9, :9] = undirected(generator, 9, 0.6, real)
    apart[9:18, 9:18] = undirected(generator, 9, 0.4, real)
    yield "apart", apart[np.ix_(order := generator.permutation(22), order)], False
    loops = undirected(generator, 16, 0.4, whole)
    np.fill_diagonal(loops, generator.integers(0, 9, 16))
    yield "loops", loops, False
    yield "complete", undirected(generator, 9, 2, real), False
    star = np.zeros((7, 7))
    star[0, 1:] = star[1:, 0] = 2
    yield "star", star, False
    pair = np.zeros((4, 4))
    pair[1, 2] = pair[2, 1] = 0.5
    yield "pair", pair, False
    yield "directed", (generator.random((26, 26)) < 0.2) * real(generator, 26) * ~np.eye(26, dtype=bool), True
    yield "directed-ties", (generator.random((20, 20)) < 0.25) * whole(generator, 20) * ~np.eye(20, dtype=bool), True
    sparse = (generator.random((18, 18)) < 0.07) * whole(generator, 18) * ~np.eye(18, dtype=bool)
    yield "directed-sparse", sparse, True


def write(folder, name, content):
    (root / folder).mkdir(parents=True, exist_ok=True)
    (root / folder / f"{name}.json").write_text(json.dumps(plain(content)) + "\n")


for name, matrix, directed in graphs():
    clean = matrix.copy()
    np.fill_diagonal(clean, 0)
    partition = np.random.default_rng(5).integers(1, 5, len(matrix))
    write("graphs", name, {
        "versions": versions, "count": len(matrix), "directed": directed, "matrix": matrix.ravel(),
        "self_connections": np.count_nonzero(np.diag(matrix)), "partition": partition,
        "binary": measures(clean, directed, partition, True),
        "weighted": measures(clean, directed, partition, False)})


def largest(statistic, threshold, rows, columns, n):
    """The edges of each component above a threshold."""
    adjacency = np.zeros((n, n))
    kept = statistic > threshold
    adjacency[rows[kept], columns[kept]] = 1
    labels = connected_components(adjacency, directed=False)[1]
    sizes = np.bincount(labels[rows[kept]], minlength=1)
    return sizes[sizes > 0]


def group_case(name, first, second, threshold, paired):
    n = first.shape[1]
    rows, columns = np.triu_indices(n, 1)
    x, y = first[:, rows, columns], second[:, rows, columns]
    content = {"versions": versions, "count": n, "threshold": threshold, "paired": paired,
               "first": first.reshape(len(first), -1), "second": second.reshape(len(second), -1),
               "rows": rows, "columns": columns, "tails": {}}
    test = stats.ttest_rel(x, y) if paired else stats.ttest_ind(x, y)
    content["t"], content["p"] = test.statistic, test.pvalue
    content["q"] = stats.false_discovery_control(test.pvalue)
    for tail in ("both", "left", "right"):
        sign = {"both": np.abs, "left": np.negative, "right": np.positive}[tail]
        expected = {"sizes": [], "p": []}
        observed = largest(sign(test.statistic), threshold, rows, columns, n)
        null = []
        if paired:
            for signs in itertools.product((1, -1), repeat=len(x)):
                flips = np.array(signs)[:, None]
                null.append(max(largest(sign(stats.ttest_1samp((x - y) * flips, 0).statistic),
                                        threshold, rows, columns, n), default=0))
        else:
            pooled = np.concatenate([x, y])
            for chosen in itertools.combinations(range(len(pooled)), len(x)):
                mask = np.isin(np.arange(len(pooled)), chosen)
                null.append(max(largest(sign(stats.ttest_ind(pooled[mask], pooled[~mask]).statistic),
                                        threshold, rows, columns, n), default=0))
        expected["sizes"] = sorted(observed, reverse=True)
        expected["p"] = [np.mean(np.array(null) >= size) for size in expected["sizes"]]
        if len(observed):
            p, adjacency, _ = bct.nbs_bct(first.transpose(1, 2, 0), second.transpose(1, 2, 0), threshold,
                                          k=1000, tail=tail, paired=paired, seed=3)
            expected["bctpy_sizes"] = sorted(
                (np.sum(adjacency == label) / 2 for label in range(1, len(p) + 1)), reverse=True)
            assert np.array_equal(expected["bctpy_sizes"], expected["sizes"])
            expected["bctpy_p"] = sorted(p)
        content["tails"][tail] = expected
    write("groups", name, content)


generator = np.random.default_rng(99)
effect = np.zeros((10, 10))
for a, b in ((0, 1), (1, 2), (2, 3), (6, 7), (7, 8)):
    effect[a, b] = effect[b, a] = 1.6


def subjects(count, sign):
    upper = np.triu(generator.normal(3, 1, (count, 10, 10)), 1)
    return np.round(upper + upper.transpose(0, 2, 1) + sign * effect, 4)


group_case("unpaired", subjects(5, 1), subjects(4, 0), 2.0, False)
group_case("paired", subjects(7, 1), subjects(7, 0), 1.8, True)
