import Networks
import Voxels

// How long a network takes for one patch, and what share of it is arithmetic.
//
//     Predict MODEL [EDGE] [THREADS] [RUNS]
//
// prints the edge, the milliseconds of the fastest and the median run, and GFLOP/s of the fastest.
// DNNL_VERBOSE=1 in the environment lists each operation with its time. tools/bench/predict runs
// this next to onnxruntime.
let arguments = CommandLine.arguments
guard arguments.count > 1 else {
  print("usage: Predict MODEL [EDGE] [THREADS] [RUNS]")
  throw CancellationError()
}
let edge = arguments.count > 2 ? Int(arguments[2]) ?? 96 : 96
let threads = arguments.count > 3 ? Int(arguments[3]) ?? 2 : 2
let runs = arguments.count > 4 ? Int(arguments[4]) ?? 7 : 7

let model = try ONNXModel(contentsOfFile: arguments[1])
let plan = try NetworkPlan(model, extent: VoxelExtent(cube: edge), threads: threads)
let network = try Network(plan)
let image = Volume<Float>(box: VoxelBox(extent: VoxelExtent(cube: edge)), fill: 0.5)
_ = try network.run(image)
var times: [Duration] = []
for _ in 0..<runs {
  times.append(try ContinuousClock().measure { _ = try network.run(image) })
}
times.sort()
let fastest = times[0] / .milliseconds(1)
let median = times[runs / 2] / .milliseconds(1)
print("edge \(edge) threads \(threads) fastest \(fastest) ms median \(median) ms")
print("  \(plan.floatingPointOperations / fastest / 1e6) GFLOP/s")
print("  memory \(plan.memory)")
