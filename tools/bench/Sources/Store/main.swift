import VolumeStore
import ZarrStore
import Voxels

// How fast a whole array is read, on one thread.
//
//     Store ARRAY [RUNS]
//
// prints the decoded megabytes a second of the median run. tools/bench/store runs this next to
// zarr-python and tensorstore.
let arguments = CommandLine.arguments
guard arguments.count > 1 else {
  print("usage: Store ARRAY [RUNS]")
  throw CancellationError()
}
let runs = arguments.count > 2 ? Int(arguments[2]) ?? 5 : 5
let array = try ZarrArray.open(at: arguments[1])

func read<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
  var times: [Duration] = []
  for _ in 0..<runs {
    times.append(
      try ContinuousClock().measure { _ = try array.read(array.metadata.box, as: type) })
  }
  times.sort()
  let values = array.metadata.channels * array.metadata.extent.voxelCount
  let megabytes = Double(values * array.metadata.dataType.byteCount) / 1e6
  print("fascicle \(Int(megabytes / (times[runs / 2] / .seconds(1)))) MB/s")
}
try read(array.metadata.dataType.scalarType)
