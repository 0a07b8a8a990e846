#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "onnx==1.23.2", "onnxruntime==1.31.1", "h5py"]
# ///
"""Writes small ONNX graphs with onnxruntime's outputs, and ONNX files that must be refused.

    networks.py                        volumes/golden/onnxruntime-<version>/<case>/ and volumes/bad/onnx/
    networks.py --shared SHARED OUT    unpacks the shared network's golden output as raw float32 into OUT

A case is a folder with model.onnx, input.f32 and expected.f32 (little-endian float32 in the order
sample, channel, z, y, x; the shapes are those that the model declares). The cases of an operator
have model-opset<N>.onnx instead, one for each version of ONNX's operators from 11 to 20 in which the
operator changed, all with the same output. The case of the model in models/ has expected.f32 only:
the tests take the model from there and make the image themselves.
"""

import argparse
import pathlib
import shutil

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "volumes" / "golden" / f"onnxruntime-{onnxruntime.__version__}"
BAD = ROOT / "volumes" / "bad" / "onnx"
OPSET = 18


class Graph:
    """Collects nodes and weights; every weight comes from one seeded generator."""

    def __init__(self, channels, extent, opset=OPSET, seed=1):
        self.random = np.random.default_rng(seed)
        self.input_shape = (1, channels, *extent)
        self.nodes, self.weights, self.opset = [], [], opset
        self.properties = {}

    def weight(self, *shape, scale=None, dtype=np.float32):
        scale = scale or 1 / np.sqrt(max(np.prod(shape[1:]), 1))
        return self.constant((self.random.standard_normal(shape) * scale).astype(dtype))

    def constant(self, array, name=None):
        name = name or f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def add(self, kind, *inputs, output=None, **attributes):
        output = output or f"t{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(kind, list(inputs), [output], name=f"{kind.lower()}_{output}",
                             **attributes))
        return output

    def conv(self, source, inputs, outputs, kernel=(3, 3, 3), bias=True, group=1, **attributes):
        attributes.setdefault("pads", [k // 2 for k in kernel] * 2)
        if "auto_pad" in attributes:
            del attributes["pads"]
        parts = [source, self.weight(outputs, inputs // group, *kernel)]
        if bias:
            parts.append(self.weight(outputs, scale=0.5))
        return self.add("Conv", *parts, kernel_shape=list(kernel), group=group, **attributes)

    def conv_transpose(self, source, inputs, outputs, kernel=(2, 2, 2), group=1, **attributes):
        return self.add("ConvTranspose", source, self.weight(inputs, outputs // group, *kernel),
                        self.weight(outputs, scale=0.5), kernel_shape=list(kernel), group=group,
                        **attributes)

    def batch_norm(self, source, channels):
        r = self.random
        parts = [r.uniform(0.5, 2, channels), r.standard_normal(channels),
                 r.standard_normal(channels), r.uniform(0.5, 2, channels)]
        return self.add("BatchNormalization", source,
                        *[self.constant(p.astype(np.float32)) for p in parts])

    def model(self, output, output_shape=None, input_shape=None):
        graph = helper.make_graph(
            self.nodes, "graph",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT,
                                           input_shape or self.input_shape)],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, output_shape)],
            self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)],
                                  ir_version=8)
        helper.set_model_props(model, self.properties)
        return model


def save_case(name, graph, output, input_shape=None):
    """Runs a graph in onnxruntime and stores model, input and output."""
    image = graph.random.standard_normal(graph.input_shape).astype(np.float32)
    model = graph.model(output, input_shape=input_shape)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"])
    expected = session.run(None, {"image": image})[0]
    model = graph.model(output, list(expected.shape), input_shape)
    onnx.checker.check_model(model)
    folder = GOLDEN / name
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    (folder / "input.f32").write_bytes(image.astype("<f4").tobytes())
    (folder / "expected.f32").write_bytes(expected.astype("<f4").tobytes())


def versions(*kinds):
    """The operator sets from 11 to 20 in which an operator is another than before."""
    changed = {schema.since_version for schema in onnx.defs.get_all_schemas_with_history()
               if schema.name in kinds and schema.domain == ""}
    first = min(changed)
    return sorted({max(11, first)} | {v for v in changed if 11 < v <= 20})


def save_versions(name, channels, extent, build, *kinds, only=None, tolerance=0, **options):
    """Stores a graph once for each operator set that matters to it."""
    folder = GOLDEN / name
    folder.mkdir(parents=True)
    first = None
    for opset in only or versions(*kinds):
        graph = Graph(channels, extent, opset=opset, **options)
        image = graph.random.standard_normal(graph.input_shape).astype(np.float32)
        graph.random = np.random.default_rng(2)
        output = build(graph)
        model = graph.model(output)
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), providers=["CPUExecutionProvider"])
        expected = session.run(None, {"image": image})[0]
        model = graph.model(output, list(expected.shape))
        if "op-groupnormalization" != name:  # the checker calls that of version 18 deprecated
            onnx.checker.check_model(model)
        (folder / f"model-opset{opset}.onnx").write_bytes(model.SerializeToString())
        if first is None:
            first = expected
            (folder / "input.f32").write_bytes(image.astype("<f4").tobytes())
            (folder / "expected.f32").write_bytes(expected.astype("<f4").tobytes())
        assert np.abs(first - expected).max() <= 1e-6, (name, opset)


def ints(graph, *values):
    return graph.constant(np.array(values, np.int64))


def axes_operator(graph, kind, source, axes, since, **attributes):
    """An operator whose axes became an input in a version."""
    if graph.opset < since:
        return graph.add(kind, source, axes=list(axes), **attributes)
    return graph.add(kind, source, ints(graph, *axes), **attributes)


def operators():
    """One case for each operator that networks of the field are exported with."""
    small, volume = (3, 4, 5), (4, 6, 8)
    number = lambda g, value: g.constant(np.float32(value))

    # Functions of each value.
    for kind, attributes in {"HardSwish": {}, "HardSigmoid": {"alpha": 0.3}, "Softplus": {},
                             "Mish": {}, "Selu": {}, "Abs": {}, "Exp": {}, "Neg": {},
                             "Elu": {"alpha": 0.7}, "LeakyRelu": {}, "Relu": {}, "Sigmoid": {},
                             "Tanh": {}}.items():
        save_versions(f"op-{kind.lower()}", 3, small,
                      lambda g: g.add(kind, "image", **attributes), kind)
    save_versions("op-sqrt-log-reciprocal", 3, small, lambda g: g.add("Reciprocal", g.add(
        "Add", g.add("Abs", g.add("Log", g.add("Sqrt", g.add("Abs", "image")))),
        number(g, 1))), "Sqrt", "Log", "Reciprocal")
    for kind in ("none", "tanh"):
        save_versions(f"op-gelu-{kind}", 3, small,
                      lambda g: g.add("Gelu", "image", approximate=kind), "Gelu")
    save_versions("op-prelu", 4, small, lambda g: g.add("PRelu", "image", g.weight(4, 1, 1, 1)),
                  "PRelu")
    save_versions("op-prelu-one-slope", 4, small, lambda g: g.add(
        "PRelu", "image", g.constant(np.array([[[[0.2]]]], np.float32))), "PRelu")
    save_versions("op-clip", 3, small, lambda g: g.add(
        "Clip", g.add("Clip", "image", "", number(g, 0.8)), number(g, -0.5)), "Clip")
    save_versions("op-clip-relu6", 3, small, lambda g: g.add(
        "Clip", "image", number(g, 0), number(g, 6)), "Clip")
    for kind in ("Softmax", "LogSoftmax"):
        save_versions(f"op-{kind.lower()}-last-axis", 4, small,
                      lambda g: g.add(kind, "image", axis=-1 if g.opset > 12 else 4), kind)
        save_versions(f"op-{kind.lower()}-channels", 4, small,
                      lambda g: g.add(kind, "image", axis=1), kind, only=[13, 18])
        save_versions(f"op-{kind.lower()}-flattening", 4, small,
                      lambda g: g.add(kind, "image", axis=1), kind, only=[11, 12])

    # Functions that exporters write out.
    def gelu(order):
        def build(g):
            x = g.conv("image", 3, 3)
            if order == 1:
                inner = g.add("Mul", number(g, 0.70710677), x)
            else:
                inner = g.add("Div", x, number(g, np.sqrt(2)))
            total = g.add("Add", g.add("Erf", inner), number(g, 1))
            if order == 0:
                return g.add("Mul", g.add("Mul", x, total), number(g, 0.5))
            if order == 1:
                return g.add("Mul", g.add("Mul", number(g, 0.5), x), total)
            return g.add("Mul", x, g.add("Mul", total, number(g, 0.5)))
        return build
    for order in range(3):
        save_versions(f"written-out-gelu-{order}", 3, small, gelu(order), "Erf", only=[11, 13, 18])

    def gelu_tanh(cube):
        def build(g):
            x = g.conv("image", 3, 3)
            third = (g.add("Pow", x, number(g, 3)) if cube == "power"
                     else g.add("Mul", g.add("Mul", x, x), x))
            inner = g.add("Add", x, g.add("Mul", third, number(g, 0.044715)))
            total = g.add("Add", g.add("Tanh", g.add("Mul", inner, number(g, np.sqrt(2 / np.pi)))),
                          number(g, 1))
            return g.add("Mul", g.add("Mul", x, number(g, 0.5)), total)
        return build
    for cube in ("power", "products"):
        save_versions(f"written-out-gelu-tanh-{cube}", 3, small, gelu_tanh(cube), "Pow",
                      only=[11, 13, 18])

    def product_with(*kinds, **attributes):
        def build(g):
            x = gate = g.conv("image", 3, 3)
            for kind in kinds:
                gate = g.add(kind, gate, **(attributes if kind == "HardSigmoid" else {}))
            return g.add("Mul", x, gate)
        return build
    save_versions("written-out-silu", 3, small, product_with("Sigmoid"), "Mul", "Sigmoid")
    save_versions("written-out-mish", 3, small, product_with("Softplus", "Tanh"), "Mul")
    save_versions("written-out-hardswish", 3, small,
                  product_with("HardSigmoid", alpha=1 / 6, beta=0.5), "Mul")
    save_versions("written-out-softplus", 3, small, lambda g: g.add(
        "Where", g.add("Greater", "image", number(g, 20)), "image", g.add("Softplus", "image")),
        "Where")

    def layer_norm(axis):
        def build(g):
            mean = axes_operator(g, "ReduceMean", "image", [axis], 18)
            centred = g.add("Sub", "image", mean)
            variance = axes_operator(g, "ReduceMean", g.add("Pow", centred, number(g, 2)), [axis], 18)
            scaled = g.add("Div", centred, g.add("Sqrt", g.add("Add", variance, number(g, 1e-5))))
            shape = (6, 1, 1, 1) if axis == 1 else (5,)
            return g.add("Add", g.add("Mul", scaled, g.weight(*shape)), g.weight(*shape))
        return build
    for axis in (1, -1):
        save_versions(f"written-out-layernorm-{'channels' if axis == 1 else 'last'}", 6, small,
                      layer_norm(axis), "ReduceMean")

    def group_norm(g, groups=2, channels=6, computed=False):
        x = g.conv("image", 2, channels)
        flat = g.add("Reshape", x, ints(g, 0, groups, -1))
        normal = g.add("InstanceNormalization", flat, g.weight(groups), g.weight(groups))
        shape = (g.add("Shape", x) if computed
                 else ints(g, 1, channels, *g.input_shape[2:]))
        back = g.add("Reshape", normal, shape)
        affine = (channels,) + (1,) * (len(g.input_shape) - 2)
        return g.add("Relu", g.add("Add", g.add("Mul", back, g.weight(*affine)), g.weight(*affine)))
    for groups in (1, 2, 6):
        save_versions(f"written-out-groupnorm-{groups}", 2, (4, 5, 6),
                      lambda g: group_norm(g, groups), "Reshape", "InstanceNormalization")
    save_versions("written-out-groupnorm-computed-shape", 2, (4, 5, 6),
                  lambda g: group_norm(g, computed=True), "Shape", only=[11, 15, 19])

    # Normalisations.
    save_versions("op-groupnormalization", 6, small, lambda g: g.add(
        "GroupNormalization", "image", g.weight(2 if g.opset < 21 else 6),
        g.weight(2 if g.opset < 21 else 6), num_groups=2, epsilon=1e-3), "GroupNormalization",
        only=[18])
    save_versions("op-groupnormalization-per-channel", 6, small, lambda g: g.add(
        "GroupNormalization", "image", g.weight(6), g.weight(6), num_groups=3), only=[21])
    save_versions("op-layernormalization-transposed", 6, small, lambda g: g.add(
        "Transpose", g.add("LayerNormalization", g.add("Transpose", "image", perm=[0, 2, 3, 4, 1]),
                           g.weight(6), g.weight(6)), perm=[0, 4, 1, 2, 3]), "LayerNormalization")
    save_versions("op-layernormalization-axes", 3, small, lambda g: g.add(
        "LayerNormalization", "image", g.weight(3, 3, 4, 5), axis=1), "LayerNormalization")
    save_versions("op-instancenormalization", 3, small, lambda g: g.add(
        "InstanceNormalization", g.conv("image", 3, 4), g.weight(4), g.weight(4)),
        "InstanceNormalization")
    save_versions("op-batchnormalization", 4, small, lambda g: g.batch_norm("image", 4),
                  "BatchNormalization")

    # Joining.
    for kind in ("Add", "Sub", "Mul", "Div", "Max", "Min"):
        def build(g):
            other = g.add("Exp", g.conv("image", 3, 3))
            some = g.add(kind, "image", other)
            some = g.add(kind, some, g.constant(np.float32(1.25)))
            return g.add(kind, some, g.constant(
                g.random.uniform(0.5, 1, (3, 1, 1, 1)).astype(np.float32)))
        save_versions(f"op-{kind.lower()}", 3, small, build, kind)
        def turned(g):
            positive = g.add("Add", g.add("Abs", "image"), number(g, 0.5))
            return g.add(kind, g.constant(
                g.random.uniform(1, 2, (1, 3, 1, 1, 1)).astype(np.float32)), positive)
        save_versions(f"op-{kind.lower()}-of-constant", 3, small, turned, kind, only=[13])
        def smaller(g):
            gate = g.add("Add", g.add("Abs", g.conv("image", 3, 1)), number(g, 0.5))
            pooled = g.add("GlobalAveragePool", "image")
            return g.add(kind, pooled, g.add(kind, g.add("Exp", "image"), gate))
        if kind not in ("Max", "Min"):
            save_versions(f"op-{kind.lower()}-repeating", 3, small, smaller, kind, only=[13])
    save_versions("op-sum", 3, small, lambda g: g.add(
        "Sum", "image", g.conv("image", 3, 3), g.weight(3, 1, 1, 1)), "Sum")
    save_versions("op-add-of-volume", 3, small, lambda g: g.add(
        "Add", "image", g.weight(1, 1, 3, 4, 5)), "Add", only=[13])
    save_versions("op-pow", 3, small, lambda g: g.add("Pow", g.add("Add", g.add(
        "Pow", g.add("Abs", "image"), number(g, 0.5)), g.add("Pow", g.add("Pow", g.add(
            "Abs", "image"), number(g, 1.5)), number(g, 2))), number(g, 3)), "Pow")

    # Summaries.
    for kind, since in {"ReduceMean": 18, "ReduceSum": 13, "ReduceMax": 18, "ReduceMin": 18}.items():
        save_versions(f"op-{kind.lower()}", 3, small, lambda g: g.add("Add", "image", axes_operator(
            g, kind, "image", [-1, 2, -2], since)), kind)
        save_versions(f"op-{kind.lower()}-channels", 3, small, lambda g: axes_operator(
            g, kind, "image", [1], since), kind, only=[11, 18])
    def without_axes(g):
        flat = axes_operator(g, "ReduceMean", "image", [2, 3, 4], 18, keepdims=0)
        gate = g.add("Sigmoid", g.add("Gemm", flat, g.weight(3, 3), g.weight(3), transB=1))
        return g.add("Mul", "image", axes_operator(g, "Unsqueeze", gate, [2, 3, 4], 13))
    save_versions("op-gemm", 3, small, without_axes, "ReduceMean", "Gemm", "Unsqueeze")
    for kind in ("GlobalAveragePool", "GlobalMaxPool"):
        save_versions(f"op-{kind.lower()}", 3, small, lambda g: g.add(
            "Mul", "image", g.add(kind, "image")), kind)

    # Pooling.
    def pooled(kind, extent=(5, 6, 7), **attributes):
        return lambda g: g.add(kind, "image", **attributes)
    save_versions("op-maxpool", 3, volume, pooled("MaxPool", kernel_shape=[1, 2, 2],
                                                  strides=[1, 2, 2]), "MaxPool")
    save_versions("op-maxpool-dilated", 2, (7, 8, 9), pooled(
        "MaxPool", kernel_shape=[2, 3, 2], strides=[2, 1, 1], dilations=[2, 2, 1],
        pads=[1, 0, 0, 0, 1, 1]), "MaxPool", only=[11])
    save_versions("op-maxpool-ceil-padded", 2, (5, 6, 8), pooled(
        "MaxPool", kernel_shape=[3] * 3, strides=[2] * 3, pads=[1] * 6, ceil_mode=1), "MaxPool",
        only=[11])
    save_versions("op-maxpool-same", 2, (5, 6, 8), pooled(
        "MaxPool", kernel_shape=[2, 3, 4], strides=[2] * 3, auto_pad="SAME_UPPER"), "MaxPool",
        only=[11])
    save_versions("op-averagepool", 3, volume, pooled(
        "AveragePool", kernel_shape=[2] * 3, strides=[2] * 3), "AveragePool")
    save_versions("op-averagepool-ceil", 2, (5, 6, 7), pooled(
        "AveragePool", kernel_shape=[2] * 3, strides=[2] * 3, ceil_mode=1), "AveragePool",
        only=[19])
    save_versions("op-averagepool-ceil-counting", 2, (6, 6, 8), pooled(
        "AveragePool", kernel_shape=[3] * 3, strides=[2] * 3, pads=[1] * 6, ceil_mode=1,
        count_include_pad=1), "AveragePool", only=[19])
    save_versions("op-averagepool-dilated", 2, (7, 8, 9), pooled(
        "AveragePool", kernel_shape=[2, 3, 2], dilations=[2, 1, 3]), "AveragePool", only=[19])

    # Convolutions.
    save_versions("op-conv", 3, small, lambda g: g.conv("image", 3, 4, (3, 1, 3)), "Conv")
    save_versions("op-conv-fused-arithmetic", 3, small, lambda g: g.add("LeakyRelu", g.add(
        "Sub", number(g, 0.5), g.add("Mul", g.add("Div", g.add("Add", g.conv(
            "image", 3, 4), g.weight(4, 1, 1, 1)), number(g, 2)), g.weight(4, 1, 1, 1)))), "Conv")
    def transposed(**attributes):
        kernel = attributes.pop("kernel", (3, 2, 4))
        group = attributes.pop("group", 1)
        return lambda g: g.conv_transpose("image", 4, 6, kernel, group=group, **attributes)
    for name, attributes in {
            "output-shape": dict(strides=[2, 2, 2], output_shape=[4, 6, 6]),
            "same-upper": dict(strides=[2, 3, 2], auto_pad="SAME_UPPER"),
            "same-lower": dict(strides=[2, 1, 2], auto_pad="SAME_LOWER"),
            "output-padding": dict(strides=[2, 3, 2], output_padding=[1, 2, 1]),
            "output-padding-touching": dict(kernel=(2, 2, 2), strides=[2, 2, 2],
                                            output_padding=[1, 0, 1]),
            "one-voxel-kernel": dict(kernel=(1, 1, 1), strides=[2, 2, 2], output_padding=[1, 1, 1]),
            "depthwise": dict(kernel=(3, 3, 3), strides=[2, 2, 2], pads=[1] * 6, group=2),
            "grouped-dilated": dict(kernel=(2, 2, 2), strides=[1, 2, 1], dilations=[2, 2, 3],
                                    group=2, pads=[1, 0, 1, 0, 1, 2]),
    }.items():
        save_versions(f"op-convtranspose-{name}", 4, (2, 3, 3), transposed(**dict(attributes)),
                      "ConvTranspose")

    # Resizing.
    def resized(scales=None, sizes=None, axes=None, **attributes):
        def build(g):
            options = dict(attributes)
            inputs = ["image", g.constant(np.zeros(0, np.float32)) if g.opset < 13 else ""]
            if scales:
                inputs.append(g.constant(np.array(scales, np.float32)))
            else:
                inputs += [g.constant(np.zeros(0, np.float32)) if g.opset < 13 else "",
                           ints(g, *sizes)]
            if axes:
                options["axes"] = axes
            return g.add("Resize", *inputs, **options)
        return build
    for coordinates in ("half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"):
        for mode in ("linear", "nearest"):
            # ONNX Runtime takes the rounding to be PyTorch's where sizes are half way.
            rounding = {"nearest_mode": "floor"} if mode == "nearest" else {}
            save_versions(f"op-resize-{mode}-{coordinates.replace('_', '-')}", 2, (3, 4, 5), resized(
                [1, 1, 2, 1.5, 0.6], mode=mode, coordinate_transformation_mode=coordinates,
                **rounding), "Resize")
            save_versions(f"op-resize-{mode}-{coordinates.replace('_', '-')}-sizes", 2, (3, 4, 5),
                          resized(sizes=[1, 2, 7, 4, 9], mode=mode,
                                  coordinate_transformation_mode=coordinates, **rounding),
                          "Resize", only=[11, 13, 18])
    for rounding in ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil"):
        save_versions(f"op-resize-nearest-{rounding.replace('_', '-')}", 2, (3, 4, 5), resized(
            sizes=[1, 2, 8, 3, 7], mode="nearest", coordinate_transformation_mode="half_pixel",
            nearest_mode=rounding), "Resize", only=[13, 19])
    save_versions("op-resize-half-pixel-symmetric", 2, (3, 4, 5), resized(
        [1, 1, 1.7, 2.3, 0.7], mode="linear",
        coordinate_transformation_mode="half_pixel_symmetric"), "Resize", only=[19])
    save_versions("op-resize-axes", 2, (3, 4, 5), resized(
        [2, 2], axes=[3, 4], mode="linear", coordinate_transformation_mode="half_pixel"), "Resize",
        only=[18, 19])
    save_versions("op-upsample", 2, (2, 3, 4), lambda g: g.add(
        "Upsample", "image", g.constant(np.array([1, 1, 2, 2, 3], np.float32)), mode="nearest"),
        only=[9])

    # Borders and parts.
    def padded(mode, pads, value=None, axes=None):
        def build(g):
            inputs = ["image", ints(g, *pads)]
            if value is not None or axes:
                inputs.append(number(g, value) if value is not None else "")
            if axes:
                inputs.append(ints(g, *axes))
            return g.add("Pad", *inputs, mode=mode)
        return build
    around = [0, 0, 2, 1, 0, 0, 0, 1, 3, 2]
    for mode in ("constant", "reflect", "edge"):
        save_versions(f"op-pad-{mode}", 2, (3, 4, 5), padded(mode, around), "Pad")
    save_versions("op-pad-wrap", 2, (3, 4, 5), padded("wrap", around), "Pad", only=[19])
    save_versions("op-pad-value", 2, (3, 4, 5), padded("constant", around, 0.75), "Pad")
    save_versions("op-pad-negative", 2, (3, 4, 5),
                  padded("constant", [0, 0, -1, 1, 0, 0, 0, 0, -2, -1]), "Pad")
    save_versions("op-pad-axes", 2, (3, 4, 5), padded("reflect", [1, 2, 2, 0], axes=[-1, 2]), "Pad",
                  only=[18, 19])
    save_versions("op-slice", 4, (5, 6, 7), lambda g: g.add("Slice", g.add(
        "Slice", "image", ints(g, -3, 0), ints(g, 2 ** 62, -1), ints(g, 1, 2)),
        ints(g, 1, -1), ints(g, 6, -(2 ** 62)), ints(g, 3, 4), ints(g, 2, -3)), "Slice")
    def split(g):
        parts = ["a", "b"]
        if g.opset < 13:
            g.nodes.append(helper.make_node("Split", ["image"], parts, axis=1, split=[1, 3]))
        else:
            g.nodes.append(helper.make_node("Split", ["image", ints(g, 1, 3)], parts, axis=1))
        attributes = {"num_outputs": 2} if g.opset >= 18 else {}
        g.nodes.append(helper.make_node("Split", ["b"], ["c", "d"], axis=-1, **attributes))
        return g.add("Mul", g.add("Sub", "c", "d"), g.add("GlobalAveragePool", "a"))
    save_versions("op-split", 4, (3, 4, 6), split, "Split")
    save_versions("op-gather", 4, small, lambda g: g.add("Mul", g.add(
        "Gather", g.add("Gather", "image", ints(g, 4, 0, 0, 2), axis=4), ints(g, 1, 2), axis=1),
        axes_operator(g, "Unsqueeze", g.add("Gather", g.add(
            "Gather", "image", ints(g, 0, 1, 2, 3), axis=4), g.constant(np.int64(-1)), axis=1),
            [1], 13)), "Gather")
    save_versions("op-concat", 2, small, lambda g: g.add(
        "Concat", "image", g.conv("image", 2, 3), "image", axis=-4), "Concat")

    # Arrangement.
    save_versions("op-squeeze-unsqueeze", 3, (1, 4, 5), lambda g: g.add("Relu", axes_operator(
        g, "Unsqueeze", g.add("Sigmoid", axes_operator(g, "Squeeze", "image", [2], 13)), [2], 13)),
        "Squeeze", "Unsqueeze")
    save_versions("op-transpose", 2, small, lambda g: g.conv(g.add(
        "Transpose", g.add("Exp", g.add("Transpose", g.conv("image", 2, 3), perm=[0, 1, 4, 3, 2])),
        perm=[0, 1, 3, 4, 2]), 3, 2), "Transpose")
    def shuffled(g):
        z, y, x = g.input_shape[2:]
        blocks = g.add("Reshape", g.conv("image", 2, 16), ints(g, 1, 2, 2, 2, 2, z, y, x))
        moved = g.add("Transpose", blocks, perm=[0, 1, 5, 2, 6, 3, 7, 4])
        return g.add("Reshape", moved, ints(g, 1, 2, 2 * z, 2 * y, 2 * x))
    save_versions("op-reshape-pixelshuffle", 2, (2, 3, 4), shuffled, "Reshape")
    save_versions("op-flatten-gemm", 3, (2, 2, 3), lambda g: g.add("Reshape", g.add(
        "Gemm", g.add("Flatten", "image"), g.weight(36, 8), g.weight(8), alpha=0.5, beta=2.0),
        ints(g, 1, 1, 2, 2, 2)), "Flatten", "Gemm")
    save_versions("op-matmul", 4, small, lambda g: g.add("Transpose", g.add("Add", g.add(
        "MatMul", g.add("Transpose", "image", perm=[0, 2, 3, 4, 1]), g.weight(4, 6)), g.weight(6)),
        perm=[0, 4, 1, 2, 3]), "MatMul")
    save_versions("op-matmul-rows", 4, small, lambda g: g.add("Reshape", g.add("Transpose", g.add(
        "MatMul", g.add("Transpose", g.add("Reshape", "image", ints(g, 1, 4, -1)), perm=[0, 2, 1]),
        g.weight(4, 3)), perm=[0, 2, 1]), ints(g, 1, 3, 3, 4, 5)), "MatMul")
    save_versions("op-expand", 2, (1, 4, 1), lambda g: g.add(
        "Expand", "image", ints(g, 1, 1, 3, 1, 5)), "Expand")
    def computed_sizes(g):
        """Doubles the even lengths, by arithmetic on the shape."""
        shape = g.add("Shape", "image")
        space = g.add("Slice", shape, ints(g, 2), ints(g, 5))
        rest = g.add("Mod", space, ints(g, 2))
        numbers = g.add("Range", *[g.constant(np.int64(v)) for v in (2, 5, 1)])
        chosen = g.add("Where", g.add("Equal", rest, ints(g, 0)),
                       g.add("Mul", space, ints(g, 2)), space)
        chosen = g.add("Add", chosen, g.add("Sub", numbers, numbers))
        one = g.add("ConstantOfShape", ints(g, 1),
                    value=numpy_helper.from_array(np.array([1], np.int64)))
        sizes = g.add("Concat", one, g.add("Gather", shape, ints(g, 1)), chosen, axis=0)
        empty = g.constant(np.zeros(0, np.float32))
        return g.add("Resize", "image", empty, empty, sizes, mode="nearest",
                     coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    save_versions("op-constants", 2, small, computed_sizes, only=[11, 13, 17])
    save_versions("op-weights-standardised", 2, small, lambda g: g.add("Conv", "image", g.add(
        "Div", g.add("Sub", w := g.weight(3, 2, 3, 3, 3), axes_operator(
            g, "ReduceMean", w, [1, 2, 3, 4], 18)), g.constant(np.float32(0.3))), pads=[1] * 6),
        "ReduceMean")

    # Number formats.
    def cast(g):
        image = g.add("Cast", "image", to=1)
        weights = g.add("Cast", g.weight(3, 2, 3, 3, 3, dtype=np.float64), to=1)
        return g.add("Conv", image, weights, pads=[1] * 6)
    save_versions("op-cast-double-weights", 2, small, cast, "Cast")

    # Flat images.
    flat = (6, 8)
    def save_flat(name, channels, build, *kinds, extent=flat, **options):
        save_versions(f"flat-{name}", channels, extent, build, *kinds, **options)
    save_flat("conv", 2, lambda g: g.conv("image", 2, 3, (3, 5), strides=[2, 1],
                                          pads=[1, 2, 0, 1]), "Conv")
    save_flat("conv-same", 2, lambda g: g.add("Conv", "image", g.weight(3, 2, 4, 3),
                                              auto_pad="SAME_UPPER"), "Conv")
    save_flat("convtranspose", 3, lambda g: g.conv_transpose(
        "image", 3, 2, (3, 3), strides=[2, 2], pads=[1] * 4, output_padding=[1, 1]),
        "ConvTranspose")
    save_flat("convtranspose-touching", 3, lambda g: g.conv_transpose(
        "image", 3, 2, (2, 2), strides=[2, 2]), "ConvTranspose")
    save_flat("pooling", 3, lambda g: g.add("AveragePool", g.add(
        "MaxPool", "image", kernel_shape=[2, 2], strides=[1, 2]), kernel_shape=[3, 3],
        pads=[1] * 4), "MaxPool", "AveragePool")
    save_flat("normalisations", 2, lambda g: g.add("InstanceNormalization", g.batch_norm(
        g.conv("image", 2, 4, (3, 3)), 4), g.weight(4), g.weight(4)), "BatchNormalization")
    def group_norm_flat(g):
        x = g.conv("image", 2, 4, (3, 3))
        normal = g.add("InstanceNormalization", g.add("Reshape", x, ints(g, 0, 2, -1)),
                       g.weight(2), g.weight(2))
        back = g.add("Reshape", normal, g.add("Shape", x))
        return g.add("Add", g.add("Mul", back, g.weight(4, 1, 1)), g.weight(4, 1, 1))
    save_flat("groupnorm", 2, group_norm_flat, "Reshape")
    save_flat("resize", 2, lambda g: g.add(
        "Resize", "image", "", g.constant(np.array([1, 1, 2, 1.5], np.float32)), mode="linear",
        coordinate_transformation_mode="align_corners"), "Resize", only=[13, 18])
    save_flat("pad-slice-softmax", 3, lambda g: g.add("Softmax", g.add("Slice", g.add(
        "Pad", "image", ints(g, 0, 0, 1, 2, 0, 0, 1, 0), mode="reflect"), ints(g, 1, 0), ints(
            g, 7, 9), ints(g, -2, -1)), axis=1), "Pad", only=[13, 18])
    save_flat("depthtospace", 8, lambda g: g.add("DepthToSpace", g.add(
        "SpaceToDepth", g.add("DepthToSpace", "image", blocksize=2, mode="CRD"), blocksize=2),
        blocksize=2, mode="DCR"), "DepthToSpace", "SpaceToDepth")
    save_flat("prelu-concat-mean", 2, lambda g: g.add("Concat", "image", g.add(
        "PRelu", "image", g.weight(2, 1, 1)), g.add("Sub", "image", axes_operator(
            g, "ReduceMean", "image", [2, 3], 18)), axis=1), "PRelu", "ReduceMean")


def external():
    """A model with its weights in another file."""
    graph = Graph(2, (4, 5, 6))
    output = graph.add("Relu", graph.conv(graph.conv("image", 2, 3), 3, 2))
    save_case("external-weights", graph, output)
    path = GOLDEN / "external-weights" / "model.onnx"
    onnx.save_model(onnx.load(path), path, save_as_external_data=True, location="weights.bin",
                    size_threshold=0)


def unet(graph, widths=(4, 6), channels=1, outputs=3):
    """A two-level residual U-Net as the shared one is built."""
    def block(source, inputs, width):
        first = graph.add("Relu", graph.conv(source, inputs, width))
        second = graph.add("Relu", graph.conv(first, width, width))
        third = graph.conv(second, width, width)
        return graph.add("Relu", graph.add("Add", first, third))

    fine = block("image", channels, widths[0])
    coarse = graph.add("MaxPool", fine, kernel_shape=[2, 2, 2], strides=[2, 2, 2])
    coarse = block(coarse, widths[0], widths[1])
    up = graph.conv_transpose(coarse, widths[1], widths[0], strides=[2, 2, 2])
    joined = graph.add("Concat", up, fine, axis=1)
    return graph.conv(block(joined, 2 * widths[0], widths[0]), widths[0], outputs, (1, 1, 1))


def golden():
    shutil.rmtree(GOLDEN, ignore_errors=True)

    def case(name, channels, extent, build, **options):
        input_shape = options.pop("input_shape", None)
        graph = Graph(channels, extent, **options)
        save_case(name, graph, build(graph), input_shape)

    # Convolutions.
    case("conv-same", 3, (5, 6, 7), lambda g: g.conv("image", 3, 5))
    case("conv-flat-kernel", 2, (4, 6, 7), lambda g: g.conv("image", 2, 17, (1, 3, 3)))
    case("conv-valid", 2, (6, 6, 7), lambda g: g.conv("image", 2, 3, auto_pad="VALID"))
    case("conv-strided", 3, (7, 6, 9), lambda g: g.conv("image", 3, 4, strides=[2, 1, 3]))
    case("conv-asymmetric-pads", 2, (5, 6, 7),
         lambda g: g.conv("image", 2, 3, pads=[0, 1, 2, 2, 0, 1]))
    case("conv-dilated", 2, (9, 8, 7),
         lambda g: g.conv("image", 2, 3, dilations=[2, 1, 2], pads=[2, 1, 2] * 2))
    case("conv-grouped", 6, (4, 5, 6), lambda g: g.conv("image", 6, 4, group=2))
    case("conv-depthwise", 4, (4, 5, 6), lambda g: g.conv("image", 4, 4, group=4))
    case("conv-without-bias", 2, (4, 5, 6), lambda g: g.conv("image", 2, 3, bias=False))
    case("conv-same-upper", 2, (5, 6, 7),
         lambda g: g.conv("image", 2, 3, (2, 3, 4), auto_pad="SAME_UPPER", strides=[2, 2, 2]))
    case("conv-same-lower", 2, (5, 6, 7),
         lambda g: g.conv("image", 2, 3, (2, 3, 4), auto_pad="SAME_LOWER"))
    case("conv-float16-weights", 2, (4, 5, 6), lambda g: g.add(
        "Conv", "image", g.add("Cast", g.weight(3, 2, 3, 3, 3, dtype=np.float16), to=1),
        pads=[1] * 6))

    # Transposed convolutions.
    case("convtranspose-touching", 3, (3, 4, 2),
         lambda g: g.conv_transpose("image", 3, 4, strides=[2, 2, 2]))
    case("convtranspose-touching-flat", 3, (3, 4, 2),
         lambda g: g.conv_transpose("image", 3, 2, (1, 2, 3), strides=[1, 2, 3]))
    case("convtranspose-overlapping", 2, (3, 4, 5), lambda g: g.conv_transpose(
        "image", 2, 3, (3, 3, 3), strides=[2, 2, 2], pads=[1] * 6, output_padding=[1, 1, 1]))
    case("convtranspose-dilated", 2, (3, 4, 5), lambda g: g.conv_transpose(
        "image", 2, 3, (2, 3, 2), strides=[1, 2, 1], dilations=[2, 1, 1]))
    case("convtranspose-grouped", 4, (3, 4, 5), lambda g: g.conv_transpose(
        "image", 4, 6, (3, 3, 3), group=2, strides=[2, 1, 1], pads=[1] * 6))

    # Normalisations.
    case("batchnorm", 5, (3, 4, 5), lambda g: g.batch_norm("image", 5))
    case("conv-batchnorm-relu", 2, (4, 5, 6),
         lambda g: g.add("Relu", g.batch_norm(g.conv("image", 2, 3), 3)))
    case("conv-grouped-batchnorm", 4, (4, 5, 6),
         lambda g: g.batch_norm(g.conv("image", 4, 6, group=2, bias=False), 6))
    case("convtranspose-batchnorm-relu", 4, (3, 3, 3), lambda g: g.add("Relu", g.batch_norm(
        g.conv_transpose("image", 4, 6, group=2, strides=[2, 2, 2]), 6)))
    case("instancenorm", 3, (4, 5, 6), lambda g: g.add(
        "InstanceNormalization", "image", g.weight(3), g.weight(3)))

    # Activations.
    for kind, attributes in {"Relu": {}, "LeakyRelu": {"alpha": 0.1}, "Elu": {"alpha": 0.7},
                             "Sigmoid": {}, "Tanh": {}}.items():
        case(kind.lower(), 3, (3, 4, 5), lambda g: g.add(kind, "image", **attributes))
    case("gelu", 3, (3, 4, 5), lambda g: g.add("Gelu", "image"), opset=20)
    case("clip", 3, (3, 4, 5), lambda g: g.add(
        "Clip", "image", g.constant(np.float32(-0.5)), g.constant(np.float32(0.75))))
    case("softmax-channels", 4, (3, 4, 5), lambda g: g.add("Softmax", "image", axis=1))
    case("conv-leakyrelu", 2, (4, 5, 6),
         lambda g: g.add("LeakyRelu", g.conv("image", 2, 3), alpha=0.2))

    # Changes of size.
    case("maxpool", 3, (4, 6, 8), lambda g: g.add(
        "MaxPool", "image", kernel_shape=[2, 2, 2], strides=[2, 2, 2]))
    case("maxpool-flat", 3, (4, 6, 8), lambda g: g.add(
        "MaxPool", "image", kernel_shape=[1, 3, 3], strides=[1, 2, 2], pads=[0, 1, 1] * 2))
    case("maxpool-ceil", 2, (5, 6, 7), lambda g: g.add(
        "MaxPool", "image", kernel_shape=[2, 2, 2], strides=[2, 2, 2], ceil_mode=1))
    case("averagepool", 3, (4, 6, 8), lambda g: g.add(
        "AveragePool", "image", kernel_shape=[2, 2, 2], strides=[2, 2, 2]))
    case("averagepool-padded", 3, (4, 6, 8), lambda g: g.add(
        "AveragePool", "image", kernel_shape=[3, 3, 3], pads=[1] * 6))
    case("averagepool-counting-padding", 3, (4, 6, 8), lambda g: g.add(
        "AveragePool", "image", kernel_shape=[3, 3, 3], pads=[1] * 6, count_include_pad=1))
    scales = lambda g: g.constant(np.array([1, 1, 2, 2, 2], np.float32))
    case("resize-nearest", 3, (2, 3, 4), lambda g: g.add(
        "Resize", "image", "", scales(g), mode="nearest",
        coordinate_transformation_mode="asymmetric", nearest_mode="floor"))
    case("resize-linear", 3, (2, 3, 4), lambda g: g.add(
        "Resize", "image", "", scales(g), mode="linear",
        coordinate_transformation_mode="half_pixel"))

    def resize_to_computed_size(g):
        """As PyTorch exports interpolate(scale_factor=2) with dynamic axes."""
        shape = g.add("Shape", "image")
        sizes = []
        for axis in (2, 3, 4):
            length = g.add("Gather", shape, g.constant(np.int64(axis)), axis=0)
            length = g.add("Cast", g.add("Mul", g.add("Cast", length, to=1),
                                         g.constant(np.float32(2))), to=7)
            sizes.append(g.add("Unsqueeze", length, g.constant(np.array([0], np.int64))))
        sizes = g.add("Concat", *sizes, axis=0)
        front = g.add("Slice", shape, g.constant(np.array([0], np.int64)),
                      g.constant(np.array([2], np.int64)), g.constant(np.array([0], np.int64)))
        return g.add("Resize", "image", "", "", g.add("Concat", front, sizes, axis=0),
                     mode="nearest", coordinate_transformation_mode="asymmetric",
                     nearest_mode="floor")
    case("resize-computed-size", 2, (2, 3, 4), resize_to_computed_size,
         input_shape=(1, 2, "z", "y", "x"))
    case("pad-zeros", 2, (3, 4, 5), lambda g: g.add(
        "Pad", "image", g.constant(np.array([0, 0, 1, 0, 2, 0, 0, 0, 3, 1], np.int64))))
    case("slice", 4, (5, 6, 7), lambda g: g.add(
        "Slice", "image", g.constant(np.array([1, 1, -4], np.int64)),
        g.constant(np.array([3, 5, -1], np.int64)), g.constant(np.array([1, 2, 4], np.int64))))

    # Several tensors.
    case("concat-of-convs", 2, (4, 5, 6), lambda g: g.conv(g.add(
        "Concat", g.conv("image", 2, 5), "image", g.conv("image", 2, 3), axis=1), 10, 4))
    case("concat-pooled", 2, (4, 4, 6), lambda g: g.add("MaxPool", g.add(
        "Concat", g.conv("image", 2, 5), "image", axis=1), kernel_shape=[2, 2, 2],
        strides=[2, 2, 2]))
    case("concat-of-concat", 2, (4, 5, 6), lambda g: g.conv(g.add(
        "Concat", g.add("Concat", "image", g.conv("image", 2, 3), axis=1), "image", axis=1), 7, 2))

    def residual(g):
        first = g.add("Relu", g.conv("image", 2, 4))
        return g.add("Relu", g.add("Add", first, g.conv(first, 4, 4)))
    case("residual", 2, (4, 5, 6), residual)

    def residual_read_later(g):
        first = g.add("Relu", g.conv("image", 2, 4))
        total = g.add("Add", g.conv(first, 4, 4), first)
        return g.conv(g.add("Concat", total, first, axis=1), 8, 2)
    case("residual-read-later", 2, (4, 5, 6), residual_read_later)

    def residual_in_concat(g):
        first = g.conv("image", 2, 4)
        second = g.conv("image", 2, 4)
        joined = g.add("Concat", first, second, axis=1)
        total = g.add("Add", second, g.conv(first, 4, 4))
        return g.conv(g.add("Concat", total, g.conv(joined, 8, 3), axis=1), 7, 2)
    case("residual-in-concat", 2, (4, 5, 6), residual_in_concat)

    def added_to_itself(g):
        first = g.conv("image", 2, 4)
        return g.add("Add", first, first)
    case("added-to-itself", 2, (4, 5, 6), added_to_itself)

    case("conv-added-to-own-input", 3, (4, 5, 6),
         lambda g: g.add("Add", "image", g.conv("image", 3, 3)))
    case("subtract-multiply", 3, (4, 5, 6), lambda g: g.add("Mul", g.add(
        "Sub", g.conv("image", 3, 3), "image"), "image"))
    case("constants-per-channel", 3, (4, 5, 6), lambda g: g.add("Mul", g.add(
        "Sub", g.constant(np.float32([[[[0.25]]]])), g.add(
            "Add", "image", g.weight(1, 3, 1, 1, 1))), g.weight(3, 1, 1, 1)))
    case("identity-dropout", 2, (4, 5, 6), lambda g: g.add("Identity", g.add(
        "Relu", g.add("Dropout", g.conv("image", 2, 3)))))
    case("unet", 1, (8, 8, 12), unet, input_shape=(1, 1, "z", "y", "x"))

    graph = Graph(2, (4, 5, 6))
    output = residual(graph)
    save_case("unordered", graph, output)
    model = onnx.load(GOLDEN / "unordered" / "model.onnx")
    nodes = list(model.graph.node)[::-1]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    (GOLDEN / "unordered" / "model.onnx").write_bytes(model.SerializeToString())

    # For prediction in patches: a mean over 3 × 3 × 3 voxels, and a U-Net with affinities' meaning.
    graph = Graph(1, (12, 12, 12))
    output = graph.add("Conv", "image",
                       graph.constant(np.full((1, 1, 3, 3, 3), 1 / 27, np.float32)), pads=[1] * 6)
    save_case("box-filter", graph, output, (1, 1, "z", "y", "x"))
    graph = Graph(1, (8, 12, 8), seed=7)
    graph.properties = {
        "task": "affinities", "axes": "zyx", "voxel_size_nm": "10,10,10", "input_scale": "1/255",
        "offsets": "-1,0,0;0,-1,0;0,0,-1", "affinity_polarity": "1=same object",
        "activation": "sigmoid applied by the reader"}
    save_case("affinity-unet", graph, unet(graph, (2, 3)), (1, 1, "z", "y", "x"))
    shipped()
    operators()
    external()


def shipped():
    """Runs the shipped model on tilted waves and a grain, which the tests make likewise."""
    z, y, x = np.indices((16, 24, 20))
    def wave(phase):
        return np.abs(phase % 32 - 16)
    grey = 5 * (wave(2 * z + 3 * y) + wave(2 * y + x) + wave(z + 3 * x)) + z * y * x % 16
    image = grey.astype(np.float32) / np.float32(255)
    session = onnxruntime.InferenceSession(
        ROOT / "models" / "phantom-affinity-unet.onnx", providers=["CPUExecutionProvider"])
    expected = session.run(None, {"image": image[None, None]})[0]
    folder = GOLDEN / "phantom-affinity-unet"
    folder.mkdir(parents=True)
    (folder / "expected.f32").write_bytes(expected.astype("<f4").tobytes())


def bad():
    """Files that must be refused; the name begins with the error's code."""
    shutil.rmtree(BAD, ignore_errors=True)
    BAD.mkdir(parents=True)

    def save(name, model):
        data = model if isinstance(model, bytes) else model.SerializeToString()
        (BAD / f"{name}.onnx").write_bytes(data)

    def conv_model(change=None, graph_change=None, **options):
        graph = Graph(options.pop("channels", 2), (4, 4, 4), **options)
        output = graph.conv("image", 2, 3)
        if graph_change:
            output = graph_change(graph, output) or output
        model = graph.model(output)
        if change:
            change(model)
        return model

    sound = conv_model().SerializeToString()
    save("malformed-empty", b"")
    save("malformed-text", b"this is not a network\n" * 20)
    for count in (1, 10, len(sound) // 3, len(sound) // 2, len(sound) - 60):
        save(f"malformed-truncated-{count}", sound[:count])
    save("malformed-no-graph", helper.make_model(helper.make_graph([], "g", [], [])).SerializeToString()[:4])
    save("malformed-endless-number", b"\x08" + b"\xff" * 40)
    save("malformed-length-past-end", b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f" + b"0" * 50)
    save("malformed-field-zero", b"\x00\x01" + sound)
    save("malformed-wire-type-seven", b"\x0f" + sound)

    def dims(*lengths):
        def change(model):
            weight = model.graph.initializer[0]
            del weight.dims[:]
            weight.dims.extend(lengths)
        return change
    save("malformed-negative-dims", conv_model(dims(-3, 2, 3, 3, 3)))
    save("malformed-huge-dims", conv_model(dims(1 << 40, 1 << 40, 3, 3, 3)))
    save("malformed-overflowing-dims", conv_model(dims(1 << 62, 4, 1, 1, 1)))
    save("malformed-zero-dims", conv_model(dims(0, 2, 3, 3, 3)))
    save("malformed-too-few-weights", conv_model(dims(300, 2, 3, 3, 3)))
    save("limitExceeded-many-dims", conv_model(dims(*[1] * 20)))
    save("unsupported-two-dimensional", conv_model(dims(3, 2, 9, 3)))

    def cycle(graph, output):
        graph.nodes[0].input[0] = "late"
        return graph.add("Relu", output, output="late")
    save("malformed-cycle", conv_model(graph_change=cycle))

    def identity_cycle(graph, output):
        graph.add("Identity", "b", output="a")
        return graph.add("Identity", "a", output="b")
    save("malformed-identity-cycle", conv_model(graph_change=identity_cycle))

    def missing(graph, output):
        return graph.add("Add", output, "nowhere")
    save("malformed-missing-input", conv_model(graph_change=missing))

    def twice(graph, output):
        graph.add("Relu", "image", output=output)
    save("malformed-written-twice", conv_model(graph_change=twice))

    def no_inputs(graph, output):
        return graph.add("Relu")
    save("malformed-operator-without-input", conv_model(graph_change=no_inputs))

    def attribute(name, values):
        def change(model):
            for item in model.graph.node[0].attribute:
                if item.name == name:
                    model.graph.node[0].attribute.remove(item)
                    break
            model.graph.node[0].attribute.append(helper.make_attribute(name, values))
        return change
    save("malformed-stride-zero", conv_model(attribute("strides", [0, 1, 1])))
    save("malformed-stride-negative", conv_model(attribute("strides", [-1, 1, 1])))
    save("malformed-dilation-huge", conv_model(attribute("dilations", [1 << 60, 1, 1])))
    save("malformed-pads-negative", conv_model(attribute("pads", [-1] * 6)))
    save("malformed-pads-huge", conv_model(attribute("pads", [1 << 62] * 6)))
    save("malformed-group-zero", conv_model(attribute("group", 0)))
    save("malformed-group-uneven", conv_model(attribute("group", 3)))
    save("malformed-kernel-shape", conv_model(attribute("kernel_shape", [5, 5, 5])))
    save("malformed-attribute-type", conv_model(attribute("strides", "two")))
    save("unsupported-one-stride", conv_model(attribute("strides", [2])))
    save("malformed-channels", conv_model(channels=5))

    def nan(model):
        weight = model.graph.initializer[0]
        array = numpy_helper.to_array(weight).copy()
        array[0, 0, 0, 0, 0] = np.nan
        weight.raw_data = array.tobytes()
    save("malformed-nan-weights", conv_model(nan))

    def infinite(model):
        bias = model.graph.initializer[1]
        bias.raw_data = np.float32([1, -np.inf, 2]).tobytes()
    save("malformed-infinite-bias", conv_model(infinite))
    save("malformed-nan-scale", conv_model(graph_change=lambda g, o: g.add(
        "InstanceNormalization", o, g.constant(np.float32([1, np.nan, 1])), g.weight(3, scale=1))))

    def no_output(model):
        del model.graph.output[:]
    save("unsupported-no-output", conv_model(no_output))
    def unwritten_output(model):
        model.graph.output[0].name = "affinities"
    save("malformed-unwritten-output", conv_model(unwritten_output))
    def swapped_dims(model):
        del model.graph.initializer[1].dims[:]
        model.graph.initializer[1].dims.extend([3, 2])
    save("malformed-bias-dims", conv_model(swapped_dims))

    def external(location, offset=None, length=None):
        def change(model):
            weight = model.graph.initializer[0]
            weight.ClearField("raw_data")
            weight.data_location = TensorProto.EXTERNAL
            for key, value in (("location", location), ("offset", offset), ("length", length)):
                if value is not None:
                    entry = weight.external_data.add()
                    entry.key, entry.value = key, str(value)
        return change
    (BAD / "weights").mkdir()
    (BAD / "weights" / "short.bin").write_bytes(bytes(100))
    save("malformed-external-escape", conv_model(external("../../../../etc/passwd")))
    save("malformed-external-inner-escape", conv_model(external("weights/../../secret")))
    save("malformed-external-absolute", conv_model(external("/etc/passwd")))
    save("malformed-external-folder", conv_model(external("weights")))
    save("malformed-external-without-location", conv_model(external("")))
    save("unreadable-external-missing", conv_model(external("weights/nowhere.bin")))
    save("malformed-external-truncated", conv_model(external("weights/short.bin", 0, 648)))
    save("malformed-external-short", conv_model(external("weights/short.bin")))
    save("malformed-external-offset-past-end", conv_model(
        external("weights/short.bin", 1 << 62, 1 << 62)))
    save("malformed-external-negative-offset", conv_model(external("weights/short.bin", -4, 648)))
    save("malformed-external-offset-no-number", conv_model(external("weights/short.bin", "ten")))

    def raw_short(model):
        model.graph.initializer[0].raw_data = b"\x00" * 7
    save("malformed-raw-data-length", conv_model(raw_short))

    save("unsupported-operator", conv_model(
        graph_change=lambda g, o: g.add("GridSample", o, o)))
    def foreign(model):
        model.graph.node[0].domain = "com.example"
    save("unsupported-domain", conv_model(foreign))
    save("unsupported-cubic", conv_model(graph_change=lambda g, o: g.add(
        "Resize", o, "", g.constant(np.array([1, 1, 2, 2, 2], np.float32)), mode="cubic")))
    save("unsupported-crop-and-resize", conv_model(graph_change=lambda g, o: g.add(
        "Resize", o, g.constant(np.array([0] * 5 + [1] * 5, np.float32)), g.constant(
            np.array([1, 1, 2, 2, 2], np.float32)), mode="linear",
        coordinate_transformation_mode="tf_crop_and_resize")))
    save("unsupported-concat-space", conv_model(
        graph_change=lambda g, o: g.add("Concat", o, o, axis=2)))
    save("malformed-broadcast", conv_model(
        graph_change=lambda g, o: g.add("Add", o, g.weight(1, 1, 4, 4, 3))))
    save("malformed-broadcast-larger", conv_model(
        graph_change=lambda g, o: g.add("Relu", g.add("Add", o, g.weight(2, 3, 4, 4, 4)))))
    save("unsupported-erf", conv_model(graph_change=lambda g, o: g.add("Erf", o)))
    save("unsupported-lstm", conv_model(graph_change=lambda g, o: g.add("LSTM", o, o, o)))
    save("malformed-reshape", conv_model(
        graph_change=lambda g, o: g.add("Reshape", o, ints(g, 1, 5, -1))))
    save("malformed-reshape-huge", conv_model(graph_change=lambda g, o: g.add(
        "Reshape", o, ints(g, 1 << 40, 1 << 40, 1 << 40))))
    save("unsupported-reshaped-output", conv_model(
        graph_change=lambda g, o: g.add("Reshape", o, ints(g, 1, 3, -1))))
    save("malformed-permutation", conv_model(
        graph_change=lambda g, o: g.add("Transpose", o, perm=[0, 1, 1, 2, 3])))
    save("malformed-axis", conv_model(
        graph_change=lambda g, o: g.add("ReduceMean", o, axes=[9]), opset=17))
    save("malformed-constant-huge", conv_model(graph_change=lambda g, o: g.add(
        "Add", o, g.add("ConstantOfShape", ints(g, 1 << 40, 1 << 40)))))
    save("malformed-range-huge", conv_model(graph_change=lambda g, o: g.add(
        "Reshape", o, g.add("Range", ints(g, 0), ints(g, 1 << 60), ints(g, 1)))))
    save("malformed-pads-of-wrong-count", conv_model(
        graph_change=lambda g, o: g.add("Pad", o, ints(g, 0, 1, 2))))
    save("malformed-slice-step-zero", conv_model(graph_change=lambda g, o: g.add(
        "Slice", o, ints(g, 0), ints(g, 2), ints(g, 2), ints(g, 0))))
    save("mismatch-slice-of-nothing", conv_model(graph_change=lambda g, o: g.add(
        "Slice", o, ints(g, 3), ints(g, 3), ints(g, 2))))
    save("mismatch-reflection-too-long", conv_model(graph_change=lambda g, o: g.add(
        "Pad", o, ints(g, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0), mode="reflect")))
    save("malformed-split", conv_model(graph_change=lambda g, o: g.add(
        "Split", o, ints(g, 7), axis=1)))
    save("malformed-groups", conv_model(graph_change=lambda g, o: g.add(
        "GroupNormalization", o, g.weight(2), g.weight(2), num_groups=2)))
    def newest(model):
        model.opset_import[0].version = 99
    save("unsupported-operator-set-99", conv_model(newest))
    save("unsupported-resize-huge", conv_model(graph_change=lambda g, o: g.add(
        "Resize", o, "", g.constant(np.array([1, 1, 1e30, 2, 2], np.float32)), mode="nearest",
        coordinate_transformation_mode="asymmetric", nearest_mode="floor")))

    def two_inputs(model):
        model.graph.input.append(
            helper.make_tensor_value_info("mask", TensorProto.FLOAT, (1, 1, 4, 4, 4)))
    save("unsupported-two-inputs", conv_model(two_inputs))
    def flat(model):
        del model.graph.input[:]
        model.graph.input.append(
            helper.make_tensor_value_info("image", TensorProto.FLOAT, (1, 2, 4, 4)))
    save("mismatch-flat-input", conv_model(flat))
    def double(model):
        model.graph.input[0].type.tensor_type.elem_type = TensorProto.DOUBLE
    save("unsupported-double-input", conv_model(double))
    def batch(model):
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 2
    save("unsupported-two-samples", conv_model(batch))
    def no_opset(model):
        del model.opset_import[:]
    save("malformed-no-operator-set", conv_model(no_opset))
    def constant_output(graph, output):
        return graph.weights[0].name
    save("malformed-constant-output", conv_model(graph_change=constant_output))

    nested = b""
    for _ in range(200):
        size, head = len(nested), b""
        while True:
            head += bytes([(size & 0x7F) | (0x80 if size > 0x7F else 0)])
            size >>= 7
            if not size:
                break
        nested = b"\x3a" + head + nested
    save("malformed-nested-graphs", nested)


def unpack(shared, out):
    import h5py

    out.mkdir(parents=True, exist_ok=True)
    with h5py.File(shared / "models" / "fib25-affinity-unet.golden.h5") as file:
        for source, name in (("image", "image.raw"), ("affinity_logits", "logits.raw")):
            (out / name).write_bytes(file[source][()].astype("<f4").tobytes())


parser = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--shared", nargs=2, metavar=("SHARED", "OUT"), type=pathlib.Path)
arguments = parser.parse_args()
if arguments.shared:
    unpack(*arguments.shared)
else:
    golden()
    bad()
