import Labels
import Voxels

/// A small generator with a seed (SplitMix64), so that a failing case can be run again.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// A block of random labels; each voxel is copied from the one before it with some chance, so
/// that there are runs.
func randomLabels<Scalar: VoxelScalar & FixedWidthInteger>(
  _ box: VoxelBox, values: [Scalar], repeating: Double, seed: UInt64
) -> Volume<Scalar> {
  var generator = SeededGenerator(seed: seed)
  var labels: [Scalar] = []
  for _ in 0..<box.extent.voxelCount {
    if let last = labels.last, Double.random(in: 0..<1, using: &generator) < repeating {
      labels.append(last)
    } else {
      labels.append(values[Int.random(in: values.indices, using: &generator)])
    }
  }
  return Volume(box: box, values: labels)
}

/// The components of a block found by flooding from every voxel in turn: slow and plain.
func floodedComponents<Scalar: VoxelScalar & FixedWidthInteger>(
  of volume: borrowing Volume<Scalar>, neighbourhood: Neighbourhood
) -> LocalComponents {
  let box = volume.box
  var labels = Volume<UInt32>(box: box)
  var components: [LocalComponent] = []
  var index = 0
  for z in box.origin.z..<box.end.z {
    for y in box.origin.y..<box.end.y {
      for x in box.origin.x..<box.end.x {
        defer { index += 1 }
        let start = VoxelPosition(z: z, y: y, x: x)
        guard volume[start] != 0, labels[start] == 0 else { continue }
        let label = UInt32(components.count + 1)
        labels[start] = label
        var front = [start]
        var voxelCount = 0
        while let position = front.popLast() {
          voxelCount += 1
          for step in neighbourhood.steps {
            let next = position + step
            if box.contains(next), labels[next] == 0, volume[next] == volume[start] {
              labels[next] = label
              front.append(next)
            }
          }
        }
        components.append(LocalComponent(firstIndex: index, voxelCount: voxelCount))
      }
    }
  }
  return LocalComponents(labels: labels, components: components)
}
