"""Runs the graph of an ONNX model as a PyTorch module, for the few operators that U-Nets and
flood-filling networks have."""

import onnx
import torch
from onnx import numpy_helper
from torch import nn


class Graph(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.nodes = [
            (n.op_type, list(n.input), list(n.output),
             {a.name: onnx.helper.get_attribute_value(a) for a in n.attribute})
            for n in model.graph.node
        ]
        self.inputs = [i.name for i in model.graph.input]
        self.outputs = [o.name for o in model.graph.output]
        self.names = {}
        for index, initializer in enumerate(model.graph.initializer):
            array = torch.from_numpy(numpy_helper.to_array(initializer).copy())
            self.names[initializer.name] = f"value{index}"
            if array.is_floating_point():
                setattr(self, f"value{index}", nn.Parameter(array))
            else:
                self.register_buffer(f"value{index}", array)

    def forward(self, image):
        values = {name: getattr(self, place) for name, place in self.names.items()}
        values[self.inputs[0]] = image
        for operator, inputs, outputs, attributes in self.nodes:
            read = [values[name] for name in inputs if name]
            values[outputs[0]] = self.run(operator, read, attributes)
        return values[self.outputs[0]]

    @staticmethod
    def run(operator, read, attributes):
        functional = nn.functional
        if operator == "Conv":
            pads = attributes.get("pads", [0] * 6)
            assert list(pads[:3]) == list(pads[3:])
            return functional.conv3d(
                *read, stride=attributes.get("strides", 1), padding=tuple(pads[:3]),
                dilation=attributes.get("dilations", 1), groups=attributes.get("group", 1))
        if operator == "ConvTranspose":
            return functional.conv_transpose3d(
                *read, stride=attributes.get("strides", 1),
                padding=tuple(attributes.get("pads", [0] * 6)[:3]))
        if operator == "MaxPool":
            return functional.max_pool3d(
                read[0], attributes["kernel_shape"], attributes.get("strides"))
        if operator == "Relu":
            return torch.relu(read[0])
        if operator == "Add":
            return read[0] + read[1]
        if operator == "Slice":
            part = [slice(None)] * read[0].dim()
            for axis, start, end in zip(*(read[i].tolist() for i in (3, 1, 2))):
                part[axis] = slice(start, end)
            return read[0][tuple(part)]
        if operator == "Concat":
            return torch.cat(read, attributes["axis"])
        raise NotImplementedError(operator)


def read(path):
    return Graph(onnx.load(path)).eval()
