# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "onnx==1.23.2", "onnxscript"]
# ///
"""The networks that the benchmarks run, in PyTorch.

    networks.py FOLDER    write each as FOLDER/NAME.onnx, with seeded weights

`residual` is the residual symmetric U-Net of Lee et al. 2017 (arXiv 1706.00120) with 28, 36, 48, 64
and 80 channels, for anisotropic sections; `isotropic` a plain 3-D U-Net of 16, 32, 64 and 128
channels. `small-residual`, `small` and `anisotropic` (the first network with four levels) are of the
sizes that are trained on a processor.
"""

import sys
from pathlib import Path

import torch
from torch import nn


class Residual(nn.Module):
    """A convolution and two more around which its result is passed by."""

    def __init__(self, inputs, outputs, first, kernel):
        super().__init__()

        def convolution(inputs, kernel):
            return nn.Conv3d(inputs, outputs, kernel, padding=tuple(k // 2 for k in kernel))

        self.a = convolution(inputs, first)
        self.b = convolution(outputs, kernel)
        self.c = convolution(outputs, kernel)

    def forward(self, x):
        y = torch.relu(self.a(x))
        return torch.relu(y + self.c(torch.relu(self.b(y))))


class Plain(nn.Module):
    """Two convolutions."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.a = nn.Conv3d(inputs, outputs, 3, padding=1)
        self.b = nn.Conv3d(outputs, outputs, 3, padding=1)

    def forward(self, x):
        return torch.relu(self.b(torch.relu(self.a(x))))


class ResidualSymmetricUNet(nn.Module):
    """Skips are summed; the first level sees one section at a time first."""

    def __init__(self, channels, outputs=3, factor=(1, 2, 2)):
        super().__init__()
        flat, cube = (1, 3, 3), (3, 3, 3)
        self.factor = factor
        self.down = nn.ModuleList()
        before = 1
        for level, count in enumerate(channels):
            self.down.append(Residual(before, count, flat, flat if level == 0 else cube))
            before = count
        self.up = nn.ModuleList()
        self.after = nn.ModuleList()
        for level in reversed(range(len(channels) - 1)):
            count = channels[level]
            self.up.append(nn.ConvTranspose3d(before, count, factor, factor))
            self.after.append(Residual(count, count, flat, flat if level == 0 else cube))
            before = count
        self.last = nn.Conv3d(before, outputs, 1)

    def forward(self, x):
        kept = []
        for level, module in enumerate(self.down):
            x = module(x)
            if level + 1 < len(self.down):
                kept.append(x)
                x = nn.functional.max_pool3d(x, self.factor)
        for up, module in zip(self.up, self.after):
            x = module(up(x) + kept.pop())
        return self.last(x)


class UNet(nn.Module):
    """Skips are concatenated."""

    def __init__(self, channels, outputs=3, residual=False):
        super().__init__()
        cube = (3, 3, 3)

        def module(inputs, outputs):
            return Residual(inputs, outputs, cube, cube) if residual else Plain(inputs, outputs)

        self.down = nn.ModuleList()
        before = 1
        for count in channels:
            self.down.append(module(before, count))
            before = count
        self.up = nn.ModuleList()
        self.after = nn.ModuleList()
        for count in reversed(channels[:-1]):
            self.up.append(nn.ConvTranspose3d(before, count, 2, 2))
            self.after.append(module(2 * count, count))
            before = count
        self.last = nn.Conv3d(before, outputs, 1)

    def forward(self, x):
        kept = []
        for level, module in enumerate(self.down):
            x = module(x)
            if level + 1 < len(self.down):
                kept.append(x)
                x = nn.functional.max_pool3d(x, 2)
        for up, module in zip(self.up, self.after):
            x = module(torch.cat([kept.pop(), up(x)], 1))
        return self.last(x)


# Each network's module and the extent (z, y, x) at which it is timed.
networks = {
    "residual": (lambda: ResidualSymmetricUNet([28, 36, 48, 64, 80]), (18, 160, 160)),
    "isotropic": (lambda: UNet([16, 32, 64, 128]), (128, 128, 128)),
    "small-residual": (lambda: UNet([16, 32, 64], residual=True), (64, 64, 64)),
    "anisotropic": (lambda: ResidualSymmetricUNet([28, 36, 48, 64]), (16, 128, 128)),
    "small": (lambda: UNet([16, 32, 64]), (64, 64, 64)),
}


def build(name):
    torch.manual_seed(1)
    module, extent = networks[name]
    return module(), extent


def main(folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in networks:
        module, extent = build(name)
        axes = {2: "z", 3: "y", 4: "x"}
        torch.onnx.export(
            module.eval(), (torch.zeros(1, 1, *extent),), folder / f"{name}.onnx", dynamo=False,
            opset_version=17, input_names=["image"], output_names=["logits"],
            dynamic_axes={"image": axes, "logits": axes})


def chosen(choices, folder):
    """Writes every network, and gives the name, file and extent of each `NAME|MODEL.onnx[@Z,Y,X]`."""
    main(folder)
    for choice in choices:
        name, _, text = choice.partition("@")
        if name in networks:
            path, extent = str(Path(folder, f"{name}.onnx")), networks[name][1]
        else:
            path, extent = name, (64, 64, 64)
        yield name, path, [int(length) for length in text.split(",")] if text else extent


if __name__ == "__main__":
    main(sys.argv[1])
