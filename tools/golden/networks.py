#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "onnx==1.23.2", "onnxruntime==1.31.1", "h5py"]
# ///
"""Writes small ONNX graphs with onnxruntime's outputs, and ONNX files that must be refused.

    networks.py                        volumes/golden/onnxruntime-<version>/<case>/ and volumes/bad/onnx/
    networks.py --shared SHARED OUT    unpacks the shared network's golden output as raw float32 into OUT

A case is a folder with model.onnx, input.f32 and expected.f32 (little-endian float32 in the order
sample, channel, z, y, x; the shapes are those that the model declares). The case of the model in
models/ has expected.f32 only: the tests take the model from there and make the image themselves.
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

    def external(model):
        weight = model.graph.initializer[0]
        weight.ClearField("raw_data")
        weight.data_location = TensorProto.EXTERNAL
        entry = weight.external_data.add()
        entry.key, entry.value = "location", "../../../../etc/passwd"
    save("unsupported-external-data", conv_model(external))

    def raw_short(model):
        model.graph.initializer[0].raw_data = b"\x00" * 7
    save("malformed-raw-data-length", conv_model(raw_short))

    save("unsupported-operator", conv_model(
        graph_change=lambda g, o: g.add("GridSample", o, o)))
    def foreign(model):
        model.graph.node[0].domain = "com.example"
    save("unsupported-domain", conv_model(foreign))
    save("unsupported-linear-align-corners", conv_model(graph_change=lambda g, o: g.add(
        "Resize", o, "", g.constant(np.array([1, 1, 2, 2, 2], np.float32)), mode="linear",
        coordinate_transformation_mode="align_corners")))
    save("unsupported-concat-space", conv_model(
        graph_change=lambda g, o: g.add("Concat", o, o, axis=2)))
    save("unsupported-broadcast", conv_model(
        graph_change=lambda g, o: g.add("Add", o, g.weight(1, 1, 4, 4, 4))))
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
    save("unsupported-flat-input", conv_model(flat))
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
