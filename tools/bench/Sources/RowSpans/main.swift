import Kernels
import Voxels

// Nanoseconds per voxel of one stencil written four ways; best of 9 runs on a 200³ float32 block.

let extent = VoxelExtent(cube: 200)
let input = Volume<Float>(box: VoxelBox(extent: extent), fill: 1)
var output = Volume<Float>(box: VoxelBox(extent: extent))
let ways: [(String, (borrowing Volume<Float>, inout Volume<Float>) -> Void)] = [
  ("generic on rows, not specialised", { Stencil.genericRows($0, into: &$1) }),
  ("generic on rows, `@specialized`", { Stencil.specializedRows($0, into: &$1) }),
  ("one flat index into the span", { Stencil.flatSpan($0, into: &$1) }),
  ("pointers, wrapping arithmetic", { Stencil.pointers($0, into: &$1) }),
]
let clock = ContinuousClock()
for (name, run) in ways {
  var best = Double.infinity
  for _ in 0..<9 {
    let elapsed = clock.measure { run(input, &output) }
    best = min(best, elapsed / .nanoseconds(1))
  }
  let perVoxel = best / Double(extent.voxelCount)
  print("\(name): \((perVoxel * 100).rounded() / 100) ns/voxel")
}
