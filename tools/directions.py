# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6"]
# ///
"""Spreads axes evenly over the sphere and writes them to Sources/Diffusion/SphereDirections.swift.

Axes repel each other as pairs of opposite charges do (Jones, Horsfield & Simmons 1999, Magn Reson
Med 42:515): from seeded random starts the energy is lowered by steps of falling length, the set of
least energy is kept. Run from the package's root: python tools/directions.py
"""

import pathlib

import numpy as np

PATH = pathlib.Path(__file__).resolve().parents[1] / "Sources" / "Diffusion" / "SphereDirections.swift"
SETS = {300: ("ofConstraint", 4), 60: ("ofSearch", 20)}
HEADER = '''/// Axes that are spread evenly over the sphere; written by `tools/directions.py`.
///
/// Source: Jones, Horsfield & Simmons 1999, Magn Reson Med 42:515.
enum SphereDirections {
'''
SUMMARIES = {
    300: "The 300 axes along which fibre densities are kept from being negative.",
    60: "The 60 axes from which peaks are searched.",
}


def spread(count, generator):
    axes = generator.normal(size=(count, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    step, last = 0.1, np.inf
    for _ in range(3000):
        cosines = axes @ axes.T
        np.fill_diagonal(cosines, 0)
        near, far = 1 / np.sqrt(2 - 2 * cosines), 1 / np.sqrt(2 + 2 * cosines)
        energy = (near + far).sum()
        force = (far * far * far - near * near * near) @ axes
        force -= (force * axes).sum(1, keepdims=True) * axes
        if energy < last:
            kept, kept_force, last, step = axes, force, energy, step * 1.1
        else:
            axes, force, step = kept, kept_force, step * 0.5
        if step < 1e-9:
            break
        axes = axes + step * force / np.linalg.norm(force, axis=1).max()
        axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    return last, kept


def main():
    generator = np.random.default_rng(1999)
    parts = [HEADER]
    for count, (name, starts) in SETS.items():
        energy, axes = min((spread(count, generator) for _ in range(starts)), key=lambda item: item[0])
        axes = axes * np.where(axes[:, 2:] < 0, -1, 1)
        axes = axes[np.argsort(-axes[:, 2])]
        print(count, energy)
        parts.append(f"  /// {SUMMARIES[count]}\n")
        parts.append(f"  static let {name}: [SIMD3<Double>] = vectors(of: [\n")
        for start in range(0, count, 2):
            rows = ", ".join(f"{value:.9f}" for axis in axes[start:start + 2] for value in axis)
            parts.append(f"    {rows},\n")
        parts.append("  ])\n\n")
    parts.append('''  private static func vectors(of values: [Double]) -> [SIMD3<Double>] {
    stride(from: 0, to: values.count, by: 3).map { first in
      let vector = SIMD3(values[first], values[first + 1], values[first + 2])
      return vector / (vector * vector).sum().squareRoot()
    }
  }
}
''')
    PATH.write_text("".join(parts))


if __name__ == "__main__":
    main()
