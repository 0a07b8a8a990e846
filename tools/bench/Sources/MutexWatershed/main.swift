import FoundationEssentials
import Glibc
import Segmentation
import Voxels

// Processor seconds that the mutex watershed of one block takes, run by run.
//
// Usage: MutexWatershed FILE uint8|float32 Z,Y,X OFFSETS STRIDES RUNS [LABELS] — the file holds the
// affinities, channel slowest, little-endian, without a header; offsets are z,y,x;z,y,x;... and those
// of length 1 attract. Prints the number of segments, the seconds of each run and the process's peak
// memory in bytes; LABELS is written as uint32.

struct UsageError: Error {}

func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

func measure<Affinity: AffinityScalar>(
  _ type: Affinity.Type, _ path: String, _ extent: VoxelExtent, _ channels: [MutexChannel],
  runs: Int, labels: String?
) throws {
  let width = MemoryLayout<Affinity>.stride
  let count = channels.count * extent.voxelCount
  let data = try Data(contentsOf: URL(filePath: path))
  guard data.count == count * width else { throw UsageError() }
  let values = data.withUnsafeBytes { raw in
    (0..<count).map { raw.loadUnaligned(fromByteOffset: $0 * width, as: type) }
  }
  let affinities = Volume(channels: channels.count, box: VoxelBox(extent: extent), values: values)
  var seconds: [Double] = []
  var found: Fragments?
  for _ in 0..<runs {
    let start = processorSeconds()
    found = try mutexWatershed(affinities: affinities, channels: channels, mutexMemory: 1 << 34)
    seconds.append(processorSeconds() - start)
  }
  guard let found else { throw UsageError() }
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  print(
    found.count, seconds.map(String.init(describing:)).joined(separator: " "),
    usage.ru_maxrss * 1024)
  if let labels {
    let span = found.labels.span
    var bytes = Data(capacity: 4 * span.count)
    for index in span.indices {
      withUnsafeBytes(of: span[index].littleEndian) { bytes.append(contentsOf: $0) }
    }
    try bytes.write(to: URL(filePath: labels))
  }
}

func extent(_ text: some StringProtocol) throws -> VoxelExtent {
  let lengths = text.split(separator: ",").compactMap { Int($0) }
  guard lengths.count == 3 else { throw UsageError() }
  return VoxelExtent(z: lengths[0], y: lengths[1], x: lengths[2])
}

let arguments = CommandLine.arguments
guard (7...8).contains(arguments.count), let runs = Int(arguments[6]) else { throw UsageError() }
let strides = try extent(arguments[5])
let channels = try arguments[4].split(separator: ";").enumerated().map { index, text in
  let channel = MutexChannel(index, offset: try extent(text), bias: 1, stride: strides)
  return channel.isNear ? MutexChannel(index, offset: channel.offset, bias: 0) : channel
}
let labels = arguments.count > 7 ? arguments[7] : nil
switch arguments[2] {
case "uint8":
  try measure(
    UInt8.self, arguments[1], extent(arguments[3]), channels, runs: runs, labels: labels)
case "float32":
  try measure(
    Float.self, arguments[1], extent(arguments[3]), channels, runs: runs, labels: labels)
default: throw UsageError()
}
