#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "onnx==1.23.2", "torch==2.13.0"]
# ///
"""Writes a residual U-Net of every operator that can be trained, with PyTorch's gradients.

    gradients.py        volumes/golden/torch-<version>-gradients/residual-unet/

The case is model.onnx, input.f32, output.f32, weights.f32 and gradients.f32, little-endian float32:
the gradients are those of the sum of output times weights with respect to every parameter, one
after the other in the order in which the graph reads them. PyTorch computes in float64.
"""

import pathlib
import shutil

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch.nn import functional

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION = torch.__version__.split("+")[0]
CASE = ROOT / "volumes" / "golden" / f"torch-{VERSION}-gradients" / "residual-unet"


class Network:
    """Adds each layer to an ONNX graph and computes it in PyTorch at once."""

    def __init__(self, channels, extent):
        self.random = np.random.default_rng(3)
        self.nodes, self.initializers, self.parameters = [], [], []
        self.image = self.random.standard_normal((1, channels, *extent)).astype(np.float32)
        self.input = ("image", torch.from_numpy(self.image).double())

    def constant(self, array):
        name = f"w{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def parameter(self, *shape, scale, offset=0):
        array = (self.random.standard_normal(shape) * scale + offset).astype(np.float32)
        tensor = torch.from_numpy(array).double().requires_grad_()
        self.parameters.append(tensor)
        return self.constant(array), tensor

    def add(self, kind, inputs, value, **attributes):
        output = f"t{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(kind, inputs, [output], name=f"{kind.lower()}_{output}", **attributes))
        return output, value

    def conv(self, x, outputs, kernel=(3, 3, 3), stride=(1, 1, 1), dilation=(1, 1, 1), group=1,
             padding=None, bias=True):
        inputs = x[1].shape[1] // group
        if padding is None:
            padding = [d * (k // 2) for k, d in zip(kernel, dilation)]
        weight, w = self.parameter(
            outputs, inputs, *kernel, scale=(2 / (inputs * np.prod(kernel))) ** 0.5)
        names, b = [x[0], weight], None
        if bias:
            name, b = self.parameter(outputs, scale=0.1)
            names.append(name)
        return self.add(
            "Conv", names,
            functional.conv3d(x[1], w, b, stride, tuple(padding), dilation, group),
            kernel_shape=kernel, strides=stride, dilations=dilation, pads=[*padding, *padding],
            group=group)

    def transposed(self, x, outputs, kernel, stride, padding=(0, 0, 0), bias=True):
        inputs = x[1].shape[1]
        weight, w = self.parameter(inputs, outputs, *kernel, scale=(1 / inputs) ** 0.5)
        names, b = [x[0], weight], None
        if bias:
            name, b = self.parameter(outputs, scale=0.1)
            names.append(name)
        return self.add(
            "ConvTranspose", names, functional.conv_transpose3d(x[1], w, b, stride, padding),
            kernel_shape=kernel, strides=stride, pads=[*padding, *padding])

    def instance_normalization(self, x):
        scale, s = self.parameter(x[1].shape[1], scale=0.2, offset=1)
        shift, b = self.parameter(x[1].shape[1], scale=0.2)
        return self.add(
            "InstanceNormalization", [x[0], scale, shift],
            functional.instance_norm(x[1], weight=s, bias=b, eps=1e-5), epsilon=1e-5)

    def batch_normalization(self, x):
        channels = x[1].shape[1]
        scale, s = self.parameter(channels, scale=0.2, offset=1)
        shift, b = self.parameter(channels, scale=0.2)
        mean = (self.random.standard_normal(channels) * 0.2).astype(np.float32)
        variance = self.random.uniform(0.5, 2, channels).astype(np.float32)
        return self.add(
            "BatchNormalization",
            [x[0], scale, shift, self.constant(mean), self.constant(variance)],
            functional.batch_norm(
                x[1], torch.from_numpy(mean).double(), torch.from_numpy(variance).double(), s, b,
                training=False, eps=1e-5),
            epsilon=1e-5)

    def relu(self, x):
        return self.add("Relu", [x[0]], torch.relu(x[1]))

    def leaky(self, x):
        return self.add("LeakyRelu", [x[0]], functional.leaky_relu(x[1], 0.1), alpha=0.1)

    def elu(self, x):
        return self.add("Elu", [x[0]], functional.elu(x[1]), alpha=1.0)

    def sigmoid(self, x):
        return self.add("Sigmoid", [x[0]], torch.sigmoid(x[1]))

    def tanh(self, x):
        return self.add("Tanh", [x[0]], torch.tanh(x[1]))

    def gelu(self, x):
        return self.add("Gelu", [x[0]], functional.gelu(x[1]))

    def maximum(self, x, factor):
        return self.add(
            "MaxPool", [x[0]], functional.max_pool3d(x[1], factor), kernel_shape=factor,
            strides=factor)

    def average(self, x, factor):
        return self.add(
            "AveragePool", [x[0]], functional.avg_pool3d(x[1], factor), kernel_shape=factor,
            strides=factor)

    def resize(self, x, factor, mode):
        scales = self.constant(np.array([1, 1, *factor], np.float32))
        if mode == "nearest":
            return self.add(
                "Resize", [x[0], "", scales],
                functional.interpolate(x[1], scale_factor=factor, mode="nearest"), mode="nearest",
                nearest_mode="floor", coordinate_transformation_mode="asymmetric")
        return self.add(
            "Resize", [x[0], "", scales],
            functional.interpolate(x[1], scale_factor=factor, mode="trilinear"), mode="linear",
            coordinate_transformation_mode="half_pixel")

    def sum(self, x, y):
        return self.add("Add", [x[0], y[0]], x[1] + y[1])

    def concatenation(self, *parts):
        return self.add(
            "Concat", [p[0] for p in parts], torch.cat([p[1] for p in parts], 1), axis=1)

    def scaled(self, x):
        factors = self.random.uniform(0.5, 2, (1, x[1].shape[1], 1, 1, 1)).astype(np.float32)
        return self.add(
            "Mul", [x[0], self.constant(factors)], x[1] * torch.from_numpy(factors).double())

    def pad(self, x, pads):
        z, y, x_ = pads
        return self.add(
            "Pad", [x[0], self.constant(np.array([0, 0, *pads, 0, 0, *pads], np.int64))],
            functional.pad(x[1], (x_, x_, y, y, z, z)))

    def cut(self, x, margin):
        starts = self.constant(np.array([margin] * 3, np.int64))
        ends = self.constant(np.array([-margin] * 3, np.int64))
        axes = self.constant(np.array([2, 3, 4], np.int64))
        inner = slice(margin, -margin)
        return self.add("Slice", [x[0], starts, ends, axes], x[1][:, :, inner, inner, inner])


def residual_unet(net):
    def block(x, channels, activate):
        entry = activate(net.conv(x, channels))
        inner = net.conv(activate(net.conv(entry, channels)), channels)
        return activate(net.sum(inner, entry))

    x = net.relu(net.conv(net.pad(net.input, (0, 1, 1)), 6, (1, 3, 3), padding=(0, 0, 0)))
    fine = block(x, 6, net.elu)
    x = net.maximum(fine, (1, 2, 2))
    x = net.leaky(net.instance_normalization(net.conv(x, 8, bias=False)))
    x = net.tanh(net.batch_normalization(net.conv(x, 8, dilation=(1, 2, 2))))
    middle = block(x, 8, net.leaky)
    x = net.gelu(net.conv(middle, 10, stride=(2, 2, 2)))
    x = net.sum(x, net.conv(net.average(middle, (2, 2, 2)), 10, (1, 1, 1)))
    x = net.scaled(net.sigmoid(net.conv(x, 10, group=2)))
    x = net.transposed(x, 8, (4, 4, 4), (2, 2, 2), (1, 1, 1))
    x = block(net.concatenation(middle, x), 8, net.relu)
    nearest = net.resize(net.conv(x, 4, (1, 1, 1)), (1, 2, 2), "nearest")
    linear = net.resize(net.conv(x, 4, (1, 1, 1), bias=False), (1, 2, 2), "linear")
    x = net.sum(net.transposed(x, 6, (1, 2, 2), (1, 2, 2)), fine)
    x = block(net.concatenation(x, nearest, linear), 6, net.relu)
    return net.cut(net.conv(x, 3, (1, 1, 1)), 1)


def main():
    net = Network(1, (6, 12, 16))
    name, output = residual_unet(net)
    weights = net.random.standard_normal(output.shape).astype(np.float32)
    (output * torch.from_numpy(weights).double()).sum().backward()
    graph = helper.make_graph(
        net.nodes, "residual-unet",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, net.image.shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, output.shape)],
        net.initializers)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 20)], producer_name="fascicle-golden")
    model.ir_version = 9
    onnx.checker.check_model(model, full_check=True)
    shutil.rmtree(CASE, ignore_errors=True)
    CASE.mkdir(parents=True)
    onnx.save(model, CASE / "model.onnx")
    net.image.tofile(CASE / "input.f32")
    output.detach().numpy().astype(np.float32).tofile(CASE / "output.f32")
    weights.tofile(CASE / "weights.f32")
    gradients = np.concatenate([p.grad.numpy().ravel() for p in net.parameters])
    gradients.astype(np.float32).tofile(CASE / "gradients.f32")
    print(f"{len(gradients)} parameters, output {tuple(output.shape)}")


main()
