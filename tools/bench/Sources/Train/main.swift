import Glibc
import Networks
import Tensors
import Voxels

// One training step of a network (forward and backward, without an optimizer), at the word of
// command.
//
//     Train MODEL Z,Y,X THREADS [float32|bfloat16]
//
// says "ready" and what the network is; then for each line `run` of its input makes a step and prints
// the milliseconds, and for `norm` prints the sum of the gradients' magnitudes. Patch and output
// gradient are the same in every peer: see train.py. DNNL_VERBOSE=1 in the environment lists each
// operation with its time.
let arguments = CommandLine.arguments
let lengths = arguments.count > 2 ? arguments[2].split(separator: ",").compactMap { Int($0) } : []
guard (4...5).contains(arguments.count), lengths.count == 3, let threads = Int(arguments[3]),
  let precision = TrainingPrecision(rawValue: arguments.count == 5 ? arguments[4] : "float32")
else {
  print("usage: Train MODEL Z,Y,X THREADS [float32|bfloat16]")
  throw CancellationError()
}
let extent = VoxelExtent(z: lengths[0], y: lengths[1], x: lengths[2])
let model = try ONNXModel(contentsOfFile: arguments[1])
let network = try TrainableNetwork(
  model, extent: extent, threads: threads, precision: precision)
let image = (0..<extent.voxelCount).map { Float(($0 * 7919) % 256) / 255 }
let count = network.outputShape.extent.voxelCount * network.outputShape.c
let outputGradient = (0..<count).map { Float(($0 * 104729) % 251) / 125 - 1 }
let values = model.parameterValues

@MainActor func step() throws -> [Float] {
  var output = [Float](repeating: 0, count: count)
  var gradients = [Float](repeating: 0, count: values.count)
  var outputSpan = output.mutableSpan
  var gradientSpan = gradients.mutableSpan
  try network.load(values.span)
  try network.forward(image.span, into: &outputSpan)
  try network.backward(outputGradient.span, addingTo: &gradientSpan)
  return gradients
}

_ = try step()
print(
  "ready \(3 * network.floatingPointOperations / 1e9) GFLOP,",
  "\(network.memory.totalBytes >> 20) MiB")
fflush(nil)
while let line = readLine() {
  if line == "run" {
    let time = try ContinuousClock().measure { _ = try step() }
    print(time / .milliseconds(1))
  } else if line == "norm" {
    print(try step().reduce(0.0) { $0 + Double(abs($1)) })
  }
  fflush(nil)
}
