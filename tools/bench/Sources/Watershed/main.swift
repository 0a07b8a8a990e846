import FoundationEssentials
import Glibc
import Segmentation
import Voxels

// Processor seconds that the fragments of one block take, run by run, on one thread.
//
// Usage: Watershed FILE Z,Y,X METHOD RUNS [LABELS] — the file holds (3, z, y, x) bytes without a
// header; METHOD is ascent LOW HIGH, graph LOW HIGH (ascent and the region graph of its fragments),
// merge LOW HIGH SIZE, distance THRESHOLD WINDOW REACH or flooded THRESHOLD WINDOW REACH LOW, as one
// word divided by colons. Prints the
// number of fragments and the seconds; writes labels as uint32 where a name is given.

struct UsageError: Error {}

let arguments = CommandLine.arguments
guard (5...6).contains(arguments.count), let runs = Int(arguments[4]) else { throw UsageError() }
let lengths = arguments[2].split(separator: ",").compactMap { Int($0) }
guard lengths.count == 3 else { throw UsageError() }
let box = VoxelBox(extent: VoxelExtent(z: lengths[0], y: lengths[1], x: lengths[2]))
let affinities = Volume<UInt8>(
  channels: 3, box: box, values: try [UInt8](Data(contentsOf: URL(filePath: arguments[1]))))
let method = arguments[3].split(separator: ":").map(String.init)
let numbers = method.dropFirst().compactMap(Double.init)

func ascent() -> Fragments {
  watershed(
    affinities: affinities, box: box, volume: box,
    parameters: WatershedParameters(low: numbers[0], high: numbers[1]))
}

func fragments() throws -> Fragments {
  switch (method[0], numbers.count) {
  case ("ascent", 2), ("graph", 2): ascent()
  case ("merge", 3):
    ascent().absorbed(
      links: affinities, weakest: UInt8.largest(atMost: numbers[0]),
      until: RegionGrowth(voxelCount: UInt64(numbers[2])), ownBox: box, volume: box
    ).fragments
  case ("distance", 3), ("flooded", 4):
    distanceWatershed(
      affinities: affinities, ownBox: box, volume: box,
      parameters: DistanceWatershedParameters(
        voxelSize: VoxelSize(z: 1, y: 1, x: 1), threshold: numbers[0],
        boundaries: numbers.count == 4 ? .flooded(above: numbers[3]) : .background,
        seedWindow: Int(numbers[1]), reach: Int(numbers[2]))
    ).fragments
  default: throw UsageError()
  }
}

func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

var found = try fragments()
var seconds: [Double] = []
for _ in 0..<runs {
  let start = processorSeconds()
  found = try fragments()
  if method[0] == "graph" {
    let labels = found.labels.converted(to: UInt64.self)
    let graph = regionGraph(affinities: affinities, fragments: labels, box: box, volume: box)
    precondition(graph.box == box)
  }
  seconds.append(processorSeconds() - start)
}
print(found.count, seconds.map(String.init(describing:)).joined(separator: " "))
if arguments.count == 6 {
  let labels = found.labels.span
  var bytes: [UInt8] = []
  bytes.reserveCapacity(4 * labels.count)
  for index in labels.indices {
    for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: labels[index] >> shift)) }
  }
  try Data(bytes).write(to: URL(filePath: arguments[5]))
}
