#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "onnx==1.23.2", "onnxruntime==1.31.1", "onnxscript==0.7.2",
#                 "torch==2.13.0", "monai==1.6.1"]
# ///
"""Exports small networks of the field from PyTorch, with onnxruntime's outputs.

Writes volumes/golden/torch-<version>/<network>-<exporter>/: model.onnx, input.f32 and expected.f32
(little-endian float32 in the order sample, channel, z, y, x) and extent.txt (z, y, x of the input).
The exporters are the one on TorchScript with operator set 11 or 17, in turns, and fixed extents, and
the one on torch.export ("dynamo") with operator set 20 and free extents.
"""

import contextlib
import io
import logging
import pathlib
import shutil
import tempfile
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from monai.networks import nets as monai
from torch import nn

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "volumes" / "golden" / f"torch-{torch.__version__.split('+')[0]}"


class PlainUNet(nn.Module):
    """As nnU-Net plans it: strided convolutions, instance normalisation, leaky ReLU."""

    def __init__(self, widths=(2, 3, 4)):
        super().__init__()

        def layer(inputs, outputs, stride=1):
            return nn.Sequential(nn.Conv3d(inputs, outputs, 3, stride, 1),
                                 nn.InstanceNorm3d(outputs, affine=True), nn.LeakyReLU(0.01))
        strides = [1, (1, 2, 2), 2]
        sources = (1,) + widths[:-1]
        self.down = nn.ModuleList(nn.Sequential(layer(i, o, s), layer(o, o))
                                  for i, o, s in zip(sources, widths, strides))
        self.up = nn.ModuleList(nn.ConvTranspose3d(widths[k], widths[k - 1], strides[k], strides[k],
                                                   bias=False) for k in (2, 1))
        self.join = nn.ModuleList(layer(2 * widths[k - 1], widths[k - 1]) for k in (2, 1))
        self.head = nn.Conv3d(widths[0], 3, 1)

    def forward(self, x):
        skips = []
        for level in self.down:
            x = level(x)
            skips.append(x)
        for up, join, skip in zip(self.up, self.join, skips[-2::-1]):
            x = join(torch.cat((up(x), skip), 1))
        return self.head(x)


class ResidualBlock(nn.Module):
    def __init__(self, inputs, outputs, norm, activation):
        super().__init__()
        self.first = nn.Conv3d(inputs, outputs, (1, 3, 3), padding=(0, 1, 1), bias=False)
        self.second = nn.Conv3d(outputs, outputs, 3, padding=1, bias=False)
        self.third = nn.Conv3d(outputs, outputs, 3, padding=1, bias=False)
        self.norms = nn.ModuleList(norm(outputs) for _ in range(3))
        self.activation = activation()

    def forward(self, x):
        x = self.activation(self.norms[0](self.first(x)))
        y = self.activation(self.norms[1](self.second(x)))
        return self.activation(self.norms[2](self.third(y)) + x)


class ResidualSymmetricUNet(nn.Module):
    """As the affinity networks of serial-section volumes: sums as skips, resized coarse levels."""

    def __init__(self, norm=nn.BatchNorm3d, activation=nn.ELU, to_size=False, **resizing):
        super().__init__()
        self.to_size, self.resizing = to_size, resizing
        self.head = nn.Conv3d(1, 2, (1, 5, 5), padding=(0, 2, 2))
        self.fine = ResidualBlock(2, 2, norm, activation)
        self.coarse = ResidualBlock(2, 4, norm, activation)
        self.reduce = nn.Conv3d(4, 2, 1)
        self.last = ResidualBlock(2, 2, norm, activation)
        self.tail = nn.Conv3d(2, 3, (1, 5, 5), padding=(0, 2, 2))

    def forward(self, x):
        fine = self.fine(self.head(x))
        coarse = self.reduce(self.coarse(F.max_pool3d(fine, (1, 2, 2))))
        size = ({"size": fine.shape[2:]} if self.to_size else {"scale_factor": (1.0, 2.0, 2.0)})
        return self.tail(self.last(F.interpolate(coarse, **size, **self.resizing) + fine))


class ValidUNet(nn.Module):
    """As the networks of local shape descriptors: convolutions without padding, crops."""

    def __init__(self, constant_upsample=True, widths=(2, 4), factor=(2, 2, 2)):
        super().__init__()

        def two(inputs, outputs):
            return nn.Sequential(nn.Conv3d(inputs, outputs, 3), nn.ReLU(),
                                 nn.Conv3d(outputs, outputs, 3), nn.ReLU())
        self.factor = factor
        self.fine, self.coarse = two(1, widths[0]), two(widths[0], widths[1])
        self.up = (nn.Upsample(scale_factor=tuple(map(float, factor)), mode="nearest")
                   if constant_upsample
                   else nn.ConvTranspose3d(widths[1], widths[1], factor, factor))
        self.join = two(widths[0] + widths[1], widths[0])
        self.head = nn.Sequential(nn.Conv3d(widths[0], 3, 1), nn.Sigmoid())

    @staticmethod
    def crop(x, shape):
        offset = [(a - b) // 2 for a, b in zip(x.size()[2:], shape)]
        return x[(slice(None), slice(None)) + tuple(
            slice(a, a + b) for a, b in zip(offset, shape))]

    def forward(self, x):
        fine = self.fine(x)
        up = self.up(self.coarse(F.max_pool3d(fine, self.factor, self.factor)))
        up = self.crop(up, [a // f * f for a, f in zip(up.size()[2:], self.factor)])
        return self.head(self.join(torch.cat([self.crop(fine, up.size()[2:]), up], 1)))


class FlatUNet(nn.Module):
    """A network of single sections; pads what pooling lost."""

    def __init__(self, bilinear):
        super().__init__()

        def two(inputs, outputs):
            return nn.Sequential(*[part for i in (inputs, outputs) for part in (
                nn.Conv2d(i, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs),
                nn.ReLU())])
        self.fine, self.coarse, self.join = two(1, 4), two(4, 6), two(10, 4)
        self.up = (nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True) if bilinear
                   else nn.ConvTranspose2d(6, 6, 2, 2))
        self.head = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        fine = self.fine(x)
        up = self.up(self.coarse(F.max_pool2d(fine, 2)))
        y, x = fine.size(2) - up.size(2), fine.size(3) - up.size(3)
        up = F.pad(up, [x // 2, x - x // 2, y // 2, y - y // 2])
        return self.head(self.join(torch.cat([fine, up], 1)))


class MedNeXtBlock(nn.Module):
    def __init__(self, inputs, outputs, mode=""):
        super().__init__()
        self.mode = mode
        if mode == "up":
            self.depthwise = nn.ConvTranspose3d(inputs, inputs, 3, 2, 1, groups=inputs)
            self.residual = nn.ConvTranspose3d(inputs, outputs, 1, 2)
        else:
            self.depthwise = nn.Conv3d(inputs, inputs, 3, 2 if mode else 1, 1, groups=inputs)
            self.residual = nn.Conv3d(inputs, outputs, 1, 2) if mode else nn.Identity()
        self.norm = nn.GroupNorm(inputs, inputs)
        self.expand, self.reduce = nn.Conv3d(inputs, 2 * inputs, 1), nn.Conv3d(2 * inputs, outputs, 1)

    def forward(self, x):
        y = self.reduce(F.gelu(self.expand(self.norm(self.depthwise(x)))))
        if self.mode == "up":
            return F.pad(y, (1, 0, 1, 0, 1, 0)) + F.pad(self.residual(x), (1, 0, 1, 0, 1, 0))
        return y + self.residual(x)


class MedNeXt(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.stem, self.head = nn.Conv3d(1, width, 1), nn.Conv3d(width, 2, 1)
        self.fine, self.down = MedNeXtBlock(width, width), MedNeXtBlock(width, 2 * width, "down")
        self.up, self.last = MedNeXtBlock(2 * width, width, "up"), MedNeXtBlock(width, width)

    def forward(self, x):
        fine = self.fine(self.stem(x))
        return self.head(self.last(fine + self.up(self.down(fine))))


class ConvNeXt(nn.Module):
    """Layer normalisation and linear layers over channels that are put last."""

    def __init__(self, width=6):
        super().__init__()
        self.stem = nn.Conv3d(1, width, (1, 2, 2), (1, 2, 2))
        self.depthwise = nn.Conv3d(width, width, 3, padding=1, groups=width)
        self.norm, self.last = nn.LayerNorm(width), nn.LayerNorm(width)
        self.expand, self.reduce = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.scale = nn.Parameter(torch.rand(width))
        self.head = nn.ConvTranspose3d(width, 2, (1, 2, 2), (1, 2, 2))

    def forward(self, x):
        x = self.stem(x)
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 4, 1))
        y = self.scale * self.reduce(F.gelu(self.expand(y), approximate="tanh"))
        x = x + y.permute(0, 4, 1, 2, 3)
        return self.head(self.last(x.permute(0, 2, 3, 4, 1)).permute(0, 4, 1, 2, 3))


class SqueezeAndExcitation(nn.Module):
    """Gates per channel by convolutions and by linear layers; borders repeated and reflected."""

    def __init__(self, width=6):
        super().__init__()
        self.first = nn.Conv3d(1, width, 3, padding=1, padding_mode="replicate")
        self.gate = nn.Sequential(nn.AdaptiveAvgPool3d(1), nn.Conv3d(width, 2, 1), nn.SiLU(),
                                  nn.Conv3d(2, width, 1), nn.Sigmoid())
        self.linear = nn.Sequential(nn.Linear(width, 3), nn.ReLU(), nn.Linear(3, width),
                                    nn.Sigmoid())
        self.slopes = nn.PReLU(width)
        self.head = nn.Conv3d(width, 2, 3, padding=1, padding_mode="reflect")

    def forward(self, x):
        x = F.silu(self.first(x))
        x = x * self.gate(x)
        samples, channels = x.shape[:2]
        flat = F.adaptive_avg_pool3d(x, 1).view(samples, channels)
        x = x * self.linear(flat).view(samples, channels, 1, 1, 1)
        return torch.softmax(self.head(self.slopes(x)), 1)


class AttentionGate(nn.Module):
    """A gate per voxel from a coarser level."""

    def __init__(self, width=4):
        super().__init__()
        self.fine = nn.Conv3d(1, width, 3, padding=1)
        self.coarse = nn.Conv3d(width, 2 * width, 3, 2, 1)
        self.from_coarse, self.from_fine = nn.Conv3d(2 * width, width, 1), nn.Conv3d(
            width, width, 2, 2)
        self.gate, self.head = nn.Conv3d(width, 1, 1), nn.Conv3d(2 * width, 2, 1)
        self.up = nn.ConvTranspose3d(2 * width, width, 2, 2)

    def forward(self, x):
        fine = F.hardswish(self.fine(x))
        coarse = F.softplus(self.coarse(fine))
        gate = torch.sigmoid(self.gate(F.relu(self.from_coarse(coarse) + self.from_fine(fine))))
        gate = F.interpolate(gate, size=fine.shape[2:], mode="trilinear", align_corners=False)
        return F.log_softmax(self.head(torch.cat([fine * gate, self.up(coarse)], 1)), dim=1)


def networks():
    linear = {"mode": "trilinear"}
    groups = lambda count: lambda channels: nn.GroupNorm(count, channels)
    yield "plain-unet", PlainUNet(), (4, 8, 8)
    yield "residual-unet-trilinear", ResidualSymmetricUNet(align_corners=False, **linear), (3, 8, 8)
    yield "residual-unet-align-corners", ResidualSymmetricUNet(
        align_corners=True, to_size=True, activation=nn.ReLU, **linear), (3, 9, 7)
    yield "residual-unet-nearest-silu", ResidualSymmetricUNet(
        nn.InstanceNorm3d, nn.SiLU, mode="nearest"), (3, 8, 8)
    yield "residual-unet-groupnorm-gelu", ResidualSymmetricUNet(
        groups(2), nn.GELU, mode="nearest"), (3, 8, 8)
    yield "residual-unet-mish", ResidualSymmetricUNet(groups(1), nn.Mish, mode="nearest"), (3, 8, 8)
    yield "valid-unet", ValidUNet(), (20, 20, 22)
    yield "valid-unet-transposed", ValidUNet(False), (20, 20, 22)
    yield "flat-unet", FlatUNet(True), (11, 14)
    yield "flat-unet-transposed", FlatUNet(False), (11, 14)
    yield "mednext", MedNeXt(), (6, 8, 8)
    yield "convnext", ConvNeXt(), (4, 6, 8)
    yield "squeeze-and-excitation", SqueezeAndExcitation(), (4, 6, 8)
    yield "attention-gate", AttentionGate(), (4, 6, 8)
    yield "monai-unet", monai.UNet(3, 1, 2, (2, 3), (2,), num_res_units=1), (6, 8, 8)
    yield "monai-dynunet", monai.DynUNet(
        3, 1, 2, [[1, 3, 3], 3, 3], [1, [1, 2, 2], 2], [[1, 2, 2], 2], filters=[2, 3, 3],
        res_block=True), (4, 8, 8)
    for mode in ("nontrainable", "pixelshuffle"):
        yield f"monai-segresnet-{mode}", monai.SegResNet(
            3, 2, 1, 2, blocks_down=(1, 1), blocks_up=(1,), upsample_mode=mode,
            norm=("GROUP", {"num_groups": 2})), (6, 8, 8)
    yield "monai-attention-unet", monai.AttentionUnet(3, 1, 2, (2, 3), (2,)), (6, 8, 8)
    yield "monai-flat-unet", monai.UNet(
        2, 1, 2, (2, 4), (2,), num_res_units=1, act="GELU",
        norm=("GROUP", {"num_groups": 2})), (10, 12)


def randomise(network):
    """Gives normalisations parameters and statistics that are not 0 and 1."""
    kinds = (nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm)
    for module in network.modules():
        if getattr(module, "running_var", None) is not None:
            module.running_var.uniform_(0.5, 2)
            module.running_mean.normal_(0, 0.3)
        if isinstance(module, kinds) and module.weight is not None:
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.normal_(module.bias, 0, 0.3)


def exported(network, image, opset, dynamo):
    """The model as an exporter writes it, less the texts for debugging."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()), \
            contextlib.redirect_stderr(io.StringIO()):
        path = pathlib.Path(folder) / "model.onnx"
        options = {"dynamo": False}
        if dynamo:
            axes = {axis: torch.export.Dim.DYNAMIC for axis in range(2, image.ndim)}
            options = {"dynamo": True, "external_data": False, "verbose": False,
                       "dynamic_shapes": (axes,)}
        torch.onnx.export(network, (image,), str(path), input_names=["image"],
                          output_names=["output"], opset_version=opset, **options)
        model = onnx.load(path)
    del model.graph.value_info[:]
    del model.graph.metadata_props[:]
    for item in [*model.graph.node, *model.graph.initializer, *model.graph.input,
                 *model.graph.output]:
        del item.metadata_props[:]
        item.doc_string = ""
    return model


def main():
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    torch.set_num_threads(1)
    torch.manual_seed(3)
    shutil.rmtree(GOLDEN, ignore_errors=True)
    for number, (name, network, extent) in enumerate(networks()):
        network.eval()
        randomise(network)
        image = torch.randn(1, 1, *extent)
        for opset, dynamo in ((17 if number % 2 == 0 else 11, False), (20, True)):
            exporter = f"{'dynamo' if dynamo else 'script'}-{opset}"
            model = exported(network, image, opset, dynamo)
            session = onnxruntime.InferenceSession(
                model.SerializeToString(), providers=["CPUExecutionProvider"])
            expected = session.run(None, {session.get_inputs()[0].name: image.numpy()})[0]
            with torch.no_grad():
                assert np.abs(network(image).numpy() - expected).max() < 1e-4, name
            folder = GOLDEN / f"{name}-{exporter}"
            folder.mkdir(parents=True)
            (folder / "model.onnx").write_bytes(model.SerializeToString())
            (folder / "input.f32").write_bytes(image.numpy().astype("<f4").tobytes())
            (folder / "expected.f32").write_bytes(expected.astype("<f4").tobytes())
            lengths = (1,) * (3 - len(extent)) + extent
            (folder / "extent.txt").write_text(" ".join(map(str, lengths)) + "\n")
            print(f"{name}-{exporter}: {model.ByteSize()} bytes", flush=True)


main()
