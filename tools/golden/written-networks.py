#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "onnx==1.23.2", "onnxruntime==1.31.1"]
# ///
"""Asks onnx and onnxruntime what they think of models that this package wrote.

    FASCICLE_WRITTEN_NETWORKS=FOLDER swift test --filter WrittenModelTests
    written-networks.py FOLDER [--save]     the folders that the tests wrote
    written-networks.py MODEL.onnx ...      models with a reference of their own, as training writes

Every file must pass onnx.checker with full_check, and onnxruntime must agree to 1e-4 with what this
package's executor gave: output.f32 beside the model, or the reference in its metadata properties.
--save keeps models, inputs and onnxruntime's outputs in volumes/golden/onnxruntime-<version>-written.
"""

import argparse
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "volumes" / "golden" / f"onnxruntime-{onnxruntime.__version__}-written"
MASK = (1 << 64) - 1


def checked(path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    return model


def run(model, image):
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: image})[0]


def noise(seed, count):
    """The pseudo-random input of a reference: SplitMix64, 24 bits of each word."""
    values = np.empty(count, np.float32)
    for index in range(count):
        seed = (seed + 0x9E3779B97F4A7C15) & MASK
        word = ((seed ^ seed >> 30) * 0xBF58476D1CE4E5B9) & MASK
        word = ((word ^ word >> 27) * 0x94D049BB133111EB) & MASK
        values[index] = ((word ^ word >> 31) >> 40) / 2**24
    return values


def from_folder(folder, save):
    checked(folder / "start.onnx")
    model = checked(folder / "model.onnx")
    channels = model.graph.input[0].type.tensor_type.shape.dim[1].dim_value
    image = np.fromfile(folder / "input.f32", "<f4").reshape(1, channels, 4, 8, 12)
    expected = run(model, image)
    difference = np.abs(expected.ravel() - np.fromfile(folder / "output.f32", "<f4")).max()
    if save:
        target = GOLDEN / folder.name
        target.mkdir(parents=True, exist_ok=True)
        for name in ["start.onnx", "model.onnx"]:
            (target / name).write_bytes((folder / name).read_bytes())
        (target / "expected.f32").write_bytes(expected.astype("<f4").tobytes())
        # Both kinds of archive, for emseg model check.
        store = np.savez if folder.name == "ffn" else np.savez_compressed
        store(target / "reference.npz", image=image, logits=expected)
    return difference


def from_reference(path):
    model = checked(path)
    properties = {entry.key: entry.value for entry in model.metadata_props}
    reference = json.loads(properties["reference"])
    channels = model.graph.input[0].type.tensor_type.shape.dim[1].dim_value
    shape = (1, channels, *reference["extent"])
    image = noise(reference["seed"], int(np.prod(shape))).reshape(shape)
    output = run(model, image)[0]
    values = output.ravel()[reference["places"]]
    stored = np.float32(reference["values"])
    means = output.reshape(len(output), -1).mean(axis=1, dtype=np.float64)
    return max((np.abs(values - stored) / np.maximum(1, np.abs(stored))).max(),
               np.abs(means - reference["means"]).max())


parser = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("paths", nargs="+", type=pathlib.Path)
parser.add_argument("--save", action="store_true")
arguments = parser.parse_args()
worst = 0
for path in arguments.paths:
    cases = sorted(p.parent for p in path.glob("*/model.onnx")) if path.is_dir() else [path]
    for case in cases:
        difference = (from_folder(case, arguments.save) if path.is_dir()
                      else from_reference(case))
        worst = max(worst, difference)
        print(f"{case.name}\t{difference:.2e}")
if not worst < 1e-4:
    sys.exit("onnxruntime does not agree")
