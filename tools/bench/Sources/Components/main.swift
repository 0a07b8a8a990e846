import FoundationEssentials
import Glibc
import Labels
import Voxels

// Seconds that connected components of one block take, run by run, on one thread.
//
// Usage: Components FILE uint8|uint32|uint64 Z,Y,X 6|18|26 RUNS [THREADS [BLOCK]] — the file holds the block's
// values, z slowest, little-endian, without a header. Prints the number of components and the
// seconds. With the edge of a block, it goes block by block, and prints the seconds of labelling
// with its seams, joining, and labelling again with the joined numbers; and the seams' bytes.

struct UsageError: Error {}

func measure<Scalar: VoxelScalar & FixedWidthInteger>(
  _ type: Scalar.Type, _ bytes: [UInt8], _ extent: VoxelExtent, _ neighbourhood: Neighbourhood,
  runs: Int, threads: Int, edge: Int?
) throws {
  let width = Scalar.bitWidth / 8
  guard bytes.count == extent.voxelCount * width else { throw UsageError() }
  let values = bytes.withUnsafeBytes { raw in
    (0..<extent.voxelCount).map { raw.loadUnaligned(fromByteOffset: $0 * width, as: type) }
  }
  let volume = Volume(box: VoxelBox(extent: extent), values: values)
  if let edge {
    for _ in 0..<runs { try measureBlockwise(volume, neighbourhood, edge: edge) }
    return
  }
  let clock = ContinuousClock()
  var seconds: [String] = []
  var count = 0
  for _ in 0..<runs {
    let start = processorSeconds()
    let elapsed = clock.measure {
      count =
        connectedComponents(of: volume, neighbourhood: neighbourhood, threads: threads)
        .count
    }
    seconds.append("\(elapsed / .seconds(1)):\(processorSeconds() - start)")
  }
  print(count, seconds.joined(separator: " "))
}

/// The processor time of all threads so far: on a busy machine it says more than the clock.
func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

func measureBlockwise<Scalar: VoxelScalar & FixedWidthInteger>(
  _ volume: Volume<Scalar>, _ neighbourhood: Neighbourhood, edge: Int
) throws {
  let region = volume.box
  let grid = VoxelExtent(
    z: (region.extent.z + edge - 1) / edge, y: (region.extent.y + edge - 1) / edge,
    x: (region.extent.x + edge - 1) / edge)
  func ownBox(_ index: Int) -> VoxelBox {
    let origin = VoxelPosition(
      z: index / grid.x / grid.y * edge, y: index / grid.x % grid.y * edge,
      x: index % grid.x * edge)
    return VoxelBox(origin: origin, extent: VoxelExtent(cube: edge)).intersection(region)
  }
  func local(_ index: Int) -> LocalComponents {
    let box = BlockSeams.grownBox(of: ownBox(index), in: region)
    return connectedComponents(of: volume.cropped(to: box), neighbourhood: neighbourhood)
  }
  let clock = ContinuousClock()
  var stored: [[UInt8]] = []
  let first = clock.measure {
    stored = (0..<grid.voxelCount).map { index in
      BlockSeams(of: local(index), ownBox: ownBox(index), region: region).encoded()
    }
  }
  let start = clock.now
  let map = try SeamJoiner(region: region, gridExtent: grid).join {
    try BlockSeams(decoding: stored[$0], ownBox: ownBox($0), region: region)
  }
  let joining = clock.now - start
  let second = try clock.measure {
    for index in stored.indices {
      let own = ownBox(index)
      let labels = relabelled(local(index).labels, by: try map.table(ofBlock: index), in: own)
      precondition(labels.box == own)
    }
  }
  print(
    map.kept.count, first / .seconds(1), joining / .seconds(1), second / .seconds(1),
    stored.reduce(0) { $0 + $1.count })
}

let arguments = CommandLine.arguments
guard (6...8).contains(arguments.count), let runs = Int(arguments[5]),
  let neighbourhood = Int(arguments[4]).flatMap(Neighbourhood.init(rawValue:))
else { throw UsageError() }
let threads = arguments.count > 6 ? Int(arguments[6]) ?? 1 : 1
let edge = arguments.count == 8 ? Int(arguments[7]) : nil
let lengths = arguments[3].split(separator: ",").compactMap { Int($0) }
guard lengths.count == 3 else { throw UsageError() }
let extent = VoxelExtent(z: lengths[0], y: lengths[1], x: lengths[2])
let bytes = try [UInt8](Data(contentsOf: URL(filePath: arguments[1])))
switch arguments[2] {
case "uint8":
  try measure(UInt8.self, bytes, extent, neighbourhood, runs: runs, threads: threads, edge: edge)
case "uint32":
  try measure(UInt32.self, bytes, extent, neighbourhood, runs: runs, threads: threads, edge: edge)
case "uint64":
  try measure(UInt64.self, bytes, extent, neighbourhood, runs: runs, threads: threads, edge: edge)
default: throw UsageError()
}
