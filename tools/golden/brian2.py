#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["brian2==2.9.0", "numpy==1.26.4"]
# ///
"""Writes spike trains of small circuits by Brian 2 into volumes/golden/brian2-2.9.0.

    uv run tools/golden/brian2.py

Each case is a folder: connections.csv (pre, post, weight in mV, below 0 inhibits), drives.csv (neuron,
steady drive in mV) and spikes.csv (neuron, step of 0.1 ms), 300 ms from rest.
"""

import pathlib

import brian2
import numpy as np
from brian2 import ms, mV

STEP, DURATION = 0.1, 300
EQUATIONS = """
dv/dt = (rest - v + g + drive) / membrane : volt (unless refractory)
dg/dt = -g / synaptic : volt
drive : volt
"""


def spikes(neurons, connections, drives, delay, synaptic, membrane=20.0):
    """(neuron, step) pairs of one run."""
    brian2.start_scope()
    brian2.prefs.codegen.target = "numpy"
    brian2.defaultclock.dt = STEP * ms
    space = dict(rest=-70 * mV, membrane=membrane * ms, synaptic=synaptic * ms)
    group = brian2.NeuronGroup(
        len(neurons), EQUATIONS, threshold="v > -55*mV", reset="v = -75*mV", refractory=2 * ms,
        method="exact", namespace=space)
    group.v = -70 * mV
    place = {neuron: index for index, neuron in enumerate(neurons)}
    for neuron, drive in drives:
        group.drive[place[neuron]] = drive * mV
    synapses = brian2.Synapses(group, group, "w : volt", on_pre="g_post += w", delay=delay * ms)
    synapses.connect(
        i=[place[pre] for pre, _, _ in connections], j=[place[post] for _, post, _ in connections])
    synapses.w = [weight for _, _, weight in connections] * mV
    monitor = brian2.SpikeMonitor(group)
    brian2.Network(group, synapses, monitor).run(DURATION * ms)
    steps = np.round(np.asarray(monitor.t / ms) / STEP).astype(int)
    return sorted((int(step), neurons[i]) for i, step in zip(np.asarray(monitor.i), steps))


def cases():
    generator = np.random.default_rng(5)
    yield "chain", dict(
        neurons=[3, 7, 11], connections=[(3, 7, 14.0), (7, 11, 14.0), (11, 3, -4.0)],
        drives=[(3, 18.0)], delay=1.8, synaptic=5.0)
    for name, delay, synaptic in (("random", 1.8, 5.0), ("immediate", 0.0, 2.0)):
        neurons = [int(n) for n in np.sort(generator.choice(10_000, 40, replace=False))]
        connections = []
        for pre in neurons:
            sign = -1 if generator.random() < 0.25 else 1
            for post in generator.choice(neurons, 6, replace=False):
                if post != pre:
                    weight = round(float(sign * generator.uniform(1, 6)), 3)
                    connections.append((pre, int(post), weight))
        drives = [(n, round(float(generator.uniform(12, 24)), 3)) for n in neurons[::2]]
        yield name, dict(neurons=neurons, connections=connections, drives=drives, delay=delay,
                         synaptic=synaptic)


def main():
    root = pathlib.Path(__file__).resolve().parents[2] / f"volumes/golden/brian2-{brian2.__version__}"
    for name, case in cases():
        folder = root / name
        folder.mkdir(parents=True, exist_ok=True)
        lines = [f"{pre},{post},{weight}" for pre, post, weight in case["connections"]]
        (folder / "connections.csv").write_text("\n".join(["pre,post,weight", *lines, ""]))
        lines = [f"{neuron},{drive}" for neuron, drive in case["drives"]]
        (folder / "drives.csv").write_text("\n".join(["neuron,drive", *lines, ""]))
        found = spikes(**case)
        lines = [f"{neuron},{step}" for step, neuron in found]
        (folder / "spikes.csv").write_text("\n".join(["neuron,step", *lines, ""]))
        print(f"{name}: {len(found)} spikes of {len({n for _, n in found})} neurons")


if __name__ == "__main__":
    main()
