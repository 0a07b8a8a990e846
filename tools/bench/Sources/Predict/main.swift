import FoundationEssentials
import Glibc
import Networks
import Tensors
import Voxels

// One network on one patch, at the word of command.
//
//     Predict MODEL Z,Y,X THREADS PRECISION
//
// says "ready" and what the network is; then for each line `run` of its input runs the patch once
// and prints the milliseconds, and for `values FILE` writes every output value, as float32. The
// patch is the same in every peer: see `image` in predict.py. DNNL_VERBOSE=1 in the environment lists
// each operation with its time.
let arguments = CommandLine.arguments
let lengths = arguments.count > 2 ? arguments[2].split(separator: ",").compactMap { Int($0) } : []
guard arguments.count == 5, lengths.count == 3, let threads = Int(arguments[3]),
  let precision = Precision(rawValue: arguments[4])
else {
  print("usage: Predict MODEL Z,Y,X THREADS PRECISION")
  throw CancellationError()
}
let extent = VoxelExtent(z: lengths[0], y: lengths[1], x: lengths[2])
let model = try ONNXModel(contentsOfFile: arguments[1])
let plan = try NetworkPlan(model, extent: extent, threads: threads, precision: precision.fastest)
let network = try Network(plan)
let channels = plan.inputShape.c
let values = (0..<channels * extent.voxelCount).map { Float(($0 * 7919) % 256) / 255 }
let image = Volume<Float>(channels: channels, box: VoxelBox(extent: extent), values: values)
_ = try network.run(image)
print("ready \(plan.floatingPointOperations / 1e9) GFLOP, \(plan.memory.totalBytes >> 20) MiB")
fflush(nil)
while let line = readLine() {
  if line == "run" {
    let time = try ContinuousClock().measure { _ = try network.run(image) }
    print(time / .milliseconds(1))
  } else if line.hasPrefix("values ") {
    let bytes = try network.run(image).flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt32($0))) }
    }
    try Data(bytes).write(to: URL(filePath: String(line.dropFirst(7))))
    print("written")
  }
  fflush(nil)
}
