import FoundationEssentials
import Labels
import Voxels

// Seconds that connected components of one block take, run by run, on one thread.
//
// Usage: Components FILE uint8|uint32|uint64 Z,Y,X 6|18|26 RUNS — the file holds the block's values,
// z slowest, little-endian, without a header. Prints the number of components and the seconds.

struct UsageError: Error {}

func measure<Scalar: VoxelScalar & FixedWidthInteger>(
  _ type: Scalar.Type, _ bytes: [UInt8], _ extent: VoxelExtent, _ neighbourhood: Neighbourhood,
  runs: Int
) throws {
  let width = Scalar.bitWidth / 8
  guard bytes.count == extent.voxelCount * width else { throw UsageError() }
  let values = bytes.withUnsafeBytes { raw in
    (0..<extent.voxelCount).map { raw.loadUnaligned(fromByteOffset: $0 * width, as: type) }
  }
  let volume = Volume(box: VoxelBox(extent: extent), values: values)
  let clock = ContinuousClock()
  var seconds: [Double] = []
  var count = 0
  for _ in 0..<runs {
    let elapsed = clock.measure {
      count = connectedComponents(of: volume, neighbourhood: neighbourhood).count
    }
    seconds.append(elapsed / .seconds(1))
  }
  print(count, seconds.map(String.init(describing:)).joined(separator: " "))
}

let arguments = CommandLine.arguments
guard arguments.count == 6, let runs = Int(arguments[5]),
  let neighbourhood = Int(arguments[4]).flatMap(Neighbourhood.init(rawValue:))
else { throw UsageError() }
let lengths = arguments[3].split(separator: ",").compactMap { Int($0) }
guard lengths.count == 3 else { throw UsageError() }
let extent = VoxelExtent(z: lengths[0], y: lengths[1], x: lengths[2])
let bytes = try [UInt8](Data(contentsOf: URL(filePath: arguments[1])))
switch arguments[2] {
case "uint8": try measure(UInt8.self, bytes, extent, neighbourhood, runs: runs)
case "uint32": try measure(UInt32.self, bytes, extent, neighbourhood, runs: runs)
case "uint64": try measure(UInt64.self, bytes, extent, neighbourhood, runs: runs)
default: throw UsageError()
}
