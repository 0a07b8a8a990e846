# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "onnx==1.23.2", "onnxruntime==1.31.1", "openvino==2026.4.1",
#   "onnxscript", "numpy"]
# ///
"""Times networks on one patch: ours beside PyTorch, ONNX Runtime and OpenVINO.

    predict.py PREDICT [--network NAME|MODEL.onnx@Z,Y,X]… [--threads 1,2] [--rounds 7] [--ours …]

PREDICT is our executable (tools/bench/predict builds it). Every peer is a process of its own that
holds the same weights and the same patch; in each round each runs once, one after the other, so
that what else the machine does meets all alike. Printed: the median of each in milliseconds, the
largest error against PyTorch in float64 relative to the largest value, and the ratio of the
fastest peer of the same class of accuracy to ours, by medians and by the fastest runs.

A flood-filling network's step: --network FFN.onnx@33,33,33 (emseg model convert makes the model).
Without --network: (a) `residual`, (b) `isotropic`, and (c), where FASCICLE_SHARED names the folder of
the shared data, its FIB-25 model on 64³ and 128³ voxels.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

float32 = ["onnxruntime", "openvino", "torch", "torch-channels-last", "torch-compile"]
bfloat16 = ["openvino-bf16", "torch-bf16"]


def image(path, extent):
    """The patch, with as many channels as the model reads."""
    import numpy
    import onnx

    inputs = onnx.load(path, load_external_data=False).graph.input
    channels = inputs[0].type.tensor_type.shape.dim[1].dim_value
    count = channels * extent[0] * extent[1] * extent[2]
    values = (numpy.arange(count) * 7919 % 256).astype(numpy.float32) / numpy.float32(255)
    return values.reshape(1, channels, *extent)


def torch_module(name, path):
    """The network in PyTorch: built where it is one of ours, else read from its ONNX graph."""
    import networks

    if name in networks.networks:
        return networks.build(name)[0].eval()
    import onnx_module

    return onnx_module.read(path)


def peer(kind, name, path, extent, threads):
    """The function that runs the patch once and returns the output."""
    picture = image(path, extent)
    if kind == "onnxruntime":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        entry = session.get_inputs()[0].name
        return lambda: session.run(None, {entry: picture})[0]
    if kind.startswith("openvino"):
        import openvino

        core = openvino.Core()
        model = core.read_model(path)
        model.reshape(list(picture.shape))
        compiled = core.compile_model(
            model, "CPU",
            {
                "INFERENCE_NUM_THREADS": threads,
                "INFERENCE_PRECISION_HINT": "bf16" if kind.endswith("bf16") else "f32",
            })
        request = compiled.create_infer_request()
        return lambda: next(iter(request.infer([picture]).values()))
    import torch

    torch.set_num_threads(threads)
    module = torch_module(name, path)
    tensor = torch.from_numpy(picture)
    if kind == "torch-float64":
        module, tensor = module.double(), tensor.double()
    if kind == "torch-bf16":
        module, tensor = module.bfloat16(), tensor.bfloat16()
    if kind in ("torch-channels-last", "torch-bf16", "torch-compile"):
        module = module.to(memory_format=torch.channels_last_3d)
        tensor = tensor.to(memory_format=torch.channels_last_3d)
    if kind == "torch-compile":
        module = torch.compile(module)

    def run():
        with torch.inference_mode():
            return module(tensor).float().numpy() if kind != "torch-float64" else module(
                tensor).numpy()

    return run


def work(kind, name, path, extent, threads):
    """The other end of a pipe: runs at the word of command."""
    import time

    import numpy

    run = peer(kind, name, path, extent, threads)
    run()
    run()
    print("ready", flush=True)
    for line in sys.stdin:
        if line == "run\n":
            start = time.perf_counter()
            run()
            print(1e3 * (time.perf_counter() - start), flush=True)
        elif line.startswith("values "):
            numpy.ascontiguousarray(run(), numpy.float64).tofile(line[7:-1])
            print("written", flush=True)


class Worker:
    def __init__(self, command, threads):
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, env=environment)
        self.works = self.answer().startswith("ready")
        self.times = []

    def answer(self):
        return self.process.stdout.readline().strip()

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.answer()

    def time(self):
        self.times.append(float(self.tell("run")))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def compare(options, name, path, extent, threads):
    import numpy

    text = ",".join(str(length) for length in extent)
    workers = {}
    for precision in options.ours.split(","):
        workers[f"ours {precision}"] = Worker(
            [options.predict, path, text, str(threads), precision], threads)
    for kind in options.peers.split(","):
        workers[kind] = Worker(
            [sys.executable, __file__, "--work", kind, name, path, text, str(threads)], threads)
    for _ in range(options.rounds):
        for worker in workers.values():
            if worker.works:
                worker.time()
    print(f"\n{name} {text}, {threads} thread{'s' if threads > 1 else ''}")
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder, "values"))
        oracle = Worker(
            [sys.executable, __file__, "--work", "torch-float64", name, path, text, "2"], 2)
        oracle.tell(f"values {file}")
        truth = numpy.fromfile(file)
        oracle.close()
        medians, fastest = {}, {}
        for kind, worker in workers.items():
            if not worker.works:
                print(f"  {kind:22} does not run")
                continue
            worker.tell(f"values {file}")
            values = numpy.fromfile(
                file, numpy.float32 if kind.startswith("ours") else numpy.float64)
            error = numpy.abs(values - truth).max() / numpy.abs(truth).max()
            medians[kind], fastest[kind] = statistics.median(worker.times), min(worker.times)
            print(
                f"  {kind:22} {medians[kind]:8.1f} ms  fastest {fastest[kind]:8.1f}"
                f"  error {error:.1e}")
            worker.close()
    for kind in [kind for kind in medians if kind.startswith("ours")]:
        rivals = bfloat16 if kind.endswith("bfloat16") else float32
        for label, names in (
            ("the fastest peer", rivals), ("PyTorch", [r for r in rivals if "torch" in r])):
            names = [name for name in names if name in medians]
            if not names:
                continue
            ratios = [
                min(times[name] for name in names) / times[kind] for times in (medians, fastest)]
            print(f"  {kind} is {ratios[0]:.2f}× {label} (fastest runs: {ratios[1]:.2f}×)")
    sys.stdout.flush()


def main():
    if sys.argv[1:2] == ["--work"]:
        kind, name, path, extent, threads = sys.argv[2:]
        work(kind, name, path, [int(length) for length in extent.split(",")], int(threads))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("predict")
    parser.add_argument("--network", action="append")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--ours", default="float32,nearFloat32,bfloat16")
    parser.add_argument("--peers", default=",".join(float32 + bfloat16))
    options = parser.parse_args()
    import networks

    with tempfile.TemporaryDirectory() as folder:
        choices = options.network or ["residual", "isotropic"]
        shared = os.environ.get("FASCICLE_SHARED")
        if shared and not options.network:
            model = f"{shared}/models/fib25-affinity-unet.onnx"
            choices += [f"{model}@64,64,64", f"{model}@128,128,128"]
        for name, path, lengths in networks.chosen(choices, folder):
            for threads in options.threads.split(","):
                compare(options, name, path, lengths, int(threads))


if __name__ == "__main__":
    main()
