# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "onnx==1.23.2", "onnxscript", "numpy"]
# ///
"""Times training steps of networks: ours beside PyTorch.

    train.py TRAIN [--network NAME|MODEL.onnx@Z,Y,X]… [--threads 1,2] [--rounds 7]

TRAIN is our executable (tools/bench/train builds it). A step is a forward and a backward pass, in
float32 or with the convolutions in bfloat16 (PyTorch's autocast), that gives the gradient of every parameter, from new parameters, without an optimizer. Every
peer is a process of its own with the same weights, patch and output gradient; in each round each
makes one step, one after the other, so that what else the machine does meets all alike. Printed: the
median and the fastest of each in milliseconds, the sum of the gradients' magnitudes relative to
PyTorch's, and the ratio of the fastest PyTorch of the same precision to ours.
"""

import argparse
import statistics
import sys
import tempfile

from predict import Worker, image, torch_module

peers = {
    "ours float32": ["torch", "torch-channels-last"],
    "ours bfloat16": ["torch-autocast", "torch-autocast-channels-last"],
}


def work(kind, name, path, extent, threads):
    """The other end of a pipe: makes a step at the word of command."""
    import time

    import numpy
    import torch

    torch.set_num_threads(threads)
    module = torch_module(name, path).train()
    picture = torch.from_numpy(image(extent))
    if kind.endswith("channels-last"):
        module = module.to(memory_format=torch.channels_last_3d)
        picture = picture.to(memory_format=torch.channels_last_3d)
    with torch.inference_mode():
        shape = module(picture).shape
    count = int(numpy.prod(shape))
    values = (numpy.arange(count) * 104729 % 251).astype(numpy.float32) / 125 - 1
    gradient = torch.from_numpy(values.astype(numpy.float32).reshape(shape))
    if kind.endswith("channels-last"):
        gradient = gradient.to(memory_format=torch.channels_last_3d)

    def step():
        module.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled="autocast" in kind):
            output = module(picture)
        output.float().backward(gradient)

    step()
    step()
    print("ready", flush=True)
    for line in sys.stdin:
        if line == "run\n":
            start = time.perf_counter()
            step()
            print(1e3 * (time.perf_counter() - start), flush=True)
        elif line == "norm\n":
            step()
            norm = sum(p.grad.double().abs().sum().item() for p in module.parameters()
                       if p.grad is not None)
            print(norm, flush=True)


def compare(options, name, path, extent, threads):
    text = ",".join(str(length) for length in extent)
    workers = {
        kind: Worker([options.train, path, text, str(threads), kind.split()[1]], threads)
        for kind in peers
    }
    for kind in sum(peers.values(), []):
        workers[kind] = Worker(
            [sys.executable, __file__, "--work", kind, name, path, text, str(threads)], threads)
    for _ in range(options.rounds):
        for worker in workers.values():
            if worker.works:
                worker.time()
    print(f"\n{name} {text}, {threads} thread{'s' if threads > 1 else ''}")
    norm = float(workers["torch"].tell("norm"))
    medians, fastest = {}, {}
    for kind, worker in workers.items():
        if not worker.works:
            print(f"  {kind:22} does not run")
            continue
        difference = float(worker.tell("norm")) / norm - 1
        medians[kind], fastest[kind] = statistics.median(worker.times), min(worker.times)
        print(
            f"  {kind:22} {medians[kind]:8.1f} ms  fastest {fastest[kind]:8.1f}"
            f"  gradients {difference:+.1e}")
        worker.close()
    for label, times in (("medians", medians), ("fastest", fastest)):
        for kind, rivals in peers.items():
            if kind in times:
                best = min(times[rival] for rival in rivals if rival in times)
                print(f"  {kind} is {best / times[kind]:.2f}× the fastest PyTorch ({label})")
    sys.stdout.flush()


def main():
    if sys.argv[1:2] == ["--work"]:
        kind, name, path, extent, threads = sys.argv[2:]
        work(kind, name, path, [int(length) for length in extent.split(",")], int(threads))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train")
    parser.add_argument("--network", action="append")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    import networks

    with tempfile.TemporaryDirectory() as folder:
        choices = options.network or ["small-residual", "anisotropic", "small"]
        for name, path, lengths in networks.chosen(choices, folder):
            for threads in options.threads.split(","):
                compare(options, name, path, lengths, int(threads))


if __name__ == "__main__":
    main()
