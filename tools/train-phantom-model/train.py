# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "torch==2.13.0", "onnx==1.23.2", "onnxscript==0.7.2", "onnxruntime==1.31.1",
#   "numpy==2.4.6", "scipy==1.17.1", "zarr==3.1.6",
# ]
# ///
"""Trains models/phantom-affinity-unet.onnx on phantoms and exports it.

    swift build -c release
    export MALLOC_MMAP_THRESHOLD_=2000000000 MALLOC_TRIM_THRESHOLD_=4000000000  # a third faster
    uv run tools/train-phantom-model/train.py --emseg .build/release/emseg --phantoms PHANTOMS

PHANTOMS is a folder that keeps the training volumes; missing ones are made by `emseg phantom`.
One thread, fixed seeds: the same machine and versions give the same model. Scores on a phantom
that was not trained on are printed at the end.
"""

import argparse
import json
import pathlib
import subprocess
import time

import numpy as np
import onnx
import onnxruntime
import torch
import zarr
from scipy import sparse
from torch import nn

TRAINING_SEEDS = range(1001, 1017)
VALIDATION_SEED = 2001
EDGE = 96
PATCH = 64
METADATA = {
    "task": "affinities",
    "axes": "zyx",
    "voxel_size_nm": "10,10,10",
    "input_scale": "1/255",
    "offsets": "-1,0,0;0,-1,0;0,0,-1",
    "affinity_polarity": "1=same object",
    "activation": "sigmoid applied by the reader",
}


class Block(nn.Module):
    """Two convolutions, each followed by a rectifier."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.a = nn.Conv3d(inputs, outputs, 3, padding=1)
        self.b = nn.Conv3d(outputs, outputs, 3, padding=1)

    def forward(self, x):
        return torch.relu(self.b(torch.relu(self.a(x))))


class UNet(nn.Module):
    """Three levels of 8, 16 and 32 channels."""

    def __init__(self):
        super().__init__()
        self.down0, self.down1, self.bottom = Block(1, 8), Block(8, 16), Block(16, 32)
        self.pool = nn.MaxPool3d(2)
        self.rise1, self.up1 = nn.ConvTranspose3d(32, 16, 2, 2), Block(32, 16)
        self.rise0, self.up0 = nn.ConvTranspose3d(16, 8, 2, 2), Block(16, 8)
        self.head = nn.Conv3d(8, 3, 1)

    def forward(self, image):
        first = self.down0(image)
        second = self.down1(self.pool(first))
        third = self.bottom(self.pool(second))
        second = self.up1(torch.cat([second, self.rise1(third)], 1))
        first = self.up0(torch.cat([first, self.rise0(second)], 1))
        return self.head(first)

    def start(self):
        """Weights that keep the variance of rectified signals (He et al. 2015)."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv3d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)
        return self


def phantom(folder, emseg, seed):
    """Grey values and labels of a phantom, (z, y, x)."""
    image, labels = folder / f"{seed}.image.zarr", folder / f"{seed}.labels.zarr"
    if not labels.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [emseg, "phantom", "--extent", f"{EDGE},{EDGE},{EDGE}", "--seed", str(seed),
             "--output", image, "--labels", labels], check=True)
    read = lambda path: np.asarray(zarr.open_group(path, mode="r")["0"][:])
    return read(image), read(labels)


def affinities(labels):
    """(3, z, y, x): 1 where a voxel and the one before it along z, y, x are of one neurite.

    The first voxel along each axis has no such neighbour: NaN.
    """
    result = np.full((3, *labels.shape), np.nan, np.float32)
    for axis in range(3):
        here = np.moveaxis(labels, axis, 0)
        np.moveaxis(result[axis], axis, 0)[1:] = (here[1:] == here[:-1]) & (here[1:] != 0)
    return result


def sample(volumes, random):
    """A random patch, turned and mirrored at random, with its contrast varied."""
    image, labels = volumes[random.integers(len(volumes))]
    start = random.integers(0, EDGE - PATCH + 1, 3)
    box = tuple(slice(s, s + PATCH) for s in start)
    axes = random.permutation(3)
    flips = tuple(slice(None, None, -1 if random.random() < 0.5 else 1) for _ in range(3))
    image = image[box].transpose(axes)[flips].astype(np.float32) / 255
    labels = labels[box].transpose(axes)[flips]
    image = (image - 0.5) * random.uniform(0.85, 1.15) + 0.5 + random.uniform(-0.06, 0.06)
    return image, affinities(labels)


def train(volumes, steps, peak_rate):
    torch.manual_seed(1)
    random = np.random.default_rng(1)
    model = UNet().start().to(memory_format=torch.channels_last_3d)
    optimizer = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, peak_rate, steps, pct_start=0.1)
    start, recent = time.time(), []
    for step in range(1, steps + 1):
        image, truth = sample(volumes, random)
        image = torch.from_numpy(np.ascontiguousarray(image))[None, None]
        truth = torch.from_numpy(truth)[None]
        known = ~torch.isnan(truth)
        logits = model(image.to(memory_format=torch.channels_last_3d))
        # No class balance: affinities stay calibrated probabilities.
        loss = nn.functional.binary_cross_entropy_with_logits(logits[known], truth[known])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        recent.append(loss.item())
        if step % 100 == 0:
            print(f"step {step:5d}  loss {np.mean(recent):.4f}  {time.time() - start:.0f} s",
                  flush=True)
            recent = []
    return model.eval()


def export(model, path, threshold):
    dims = {2 + k: 4 * torch.export.Dim(name, min=2, max=512)
            for k, name in enumerate(("dz", "dy", "dx"))}
    program = torch.onnx.export(
        model.to(memory_format=torch.contiguous_format), (torch.zeros(1, 1, 32, 48, 64),),
        dynamo=True, opset_version=18, input_names=["image"], output_names=["affinity_logits"],
        dynamic_shapes={"image": dims}, verbose=False)
    proto = program.model_proto
    proto.doc_string = ""
    for node in proto.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in [*proto.graph.input, *proto.graph.output, *proto.graph.value_info,
                  *proto.graph.initializer, proto.graph]:
        del value.metadata_props[:]
    del proto.graph.value_info[:]
    del proto.metadata_props[:]
    metadata = METADATA | {"agglomeration_threshold": f"{threshold:g}"}
    onnx.helper.set_model_props(proto, metadata)
    onnx.checker.check_model(proto, full_check=True)
    onnx.save(proto, path)


def predict(path, image):
    """Affinities in (0, 1), (3, z, y, x), by onnxruntime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        path, options, providers=["CPUExecutionProvider"])
    logits = session.run(None, {"image": image[None, None].astype(np.float32) / 255})[0][0]
    return 1 / (1 + np.exp(-logits))


def components(affinity, threshold):
    """Labels of the voxels joined by affinities above a threshold."""
    ids = np.arange(affinity[0].size).reshape(affinity[0].shape)
    heads, tails = [], []
    for axis in range(3):
        here, value = np.moveaxis(ids, axis, 0), np.moveaxis(affinity[axis], axis, 0)[1:]
        joined = value > threshold
        heads.append(here[1:][joined])
        tails.append(here[:-1][joined])
    heads, tails = np.concatenate(heads), np.concatenate(tails)
    graph = sparse.coo_array((np.ones(heads.size, bool), (heads, tails)), (ids.size, ids.size))
    return sparse.csgraph.connected_components(graph, directed=False)[1].reshape(ids.shape)


def variation_of_information(segments, truth):
    """(split, merge) in bits over the voxels with a true label."""
    known = truth != 0
    _, a = np.unique(segments[known], return_inverse=True)
    _, b = np.unique(truth[known], return_inverse=True)
    joint = sparse.coo_array((np.ones(a.size), (a, b))).tocsr()
    joint.sum_duplicates()
    entropy = lambda counts: -(counts / a.size * np.log2(counts / a.size)).sum()
    both = entropy(joint.data)
    return both - entropy(np.bincount(b)), both - entropy(np.bincount(a))


def evaluate(path, image, labels):
    affinity, truth = predict(path, image), affinities(labels)
    known = ~np.isnan(truth)
    chosen = affinity[known] > 0.5
    right = truth[known] > 0.5
    scores = {
        "affinity_error": float((chosen != right).mean()),
        "mean_affinity": float(affinity[known].mean()), "true_mean": float(right.mean()),
    }
    for threshold in (0.5, 0.7, 0.8, 0.9, 0.95):
        split, merge = variation_of_information(components(affinity, threshold), labels)
        scores[f"components_above_{threshold}"] = {"split": split, "merge": merge}
    return scores


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--emseg", default="emseg", help="the tool that makes phantoms")
    parser.add_argument("--phantoms", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path,
                        default=pathlib.Path(__file__).parents[2]
                        / "models/phantom-affinity-unet.onnx")
    parser.add_argument("--steps", type=int, default=1400)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--agglomeration-threshold", type=float, default=0.55,
                        help="written into the metadata; chosen on the validation phantom")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    make = lambda seed: phantom(arguments.phantoms, arguments.emseg, seed)
    model = train([make(seed) for seed in TRAINING_SEEDS], arguments.steps, arguments.rate)
    print(sum(p.numel() for p in model.parameters()), "parameters")
    export(model, arguments.output, arguments.agglomeration_threshold)
    scores = evaluate(str(arguments.output), *make(VALIDATION_SEED))
    print(json.dumps(scores, indent=2))


if __name__ == "__main__":
    main()
