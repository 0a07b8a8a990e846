import FoundationEssentials
import Glibc
import Labels
import Segmentation
import Voxels

// Seconds of the processor that affinities take to become segments on one thread: watershed, region
// graph, agglomeration, labels.
//
// Usage: Agglomerate FILE uint8|float32 Z,Y,X LOW HIGH COST SCORE RUNS EDGE — the file holds
// (3, z, y, x) affinities, little-endian, without a header; SCORE is mean, maximum or a quantile;
// EDGE is that of the blocks that the graph is gathered and agglomerated in. For each run prints
// fragments, contacts, merges, segments, and the four times.

struct UsageError: Error {}

func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

struct Case {
  var extent: VoxelExtent
  var parameters: WatershedParameters
  var cost: Double
  var score: ContactScore
  var runs: Int
  var edge: Int

  func measure<Affinity: AffinityScalar>(_ type: Affinity.Type, _ bytes: [UInt8]) throws {
    let width = MemoryLayout<Affinity>.size
    guard bytes.count == 3 * extent.voxelCount * width else { throw UsageError() }
    let values = bytes.withUnsafeBytes { raw in
      (0..<3 * extent.voxelCount).map { raw.loadUnaligned(fromByteOffset: $0 * width, as: type) }
    }
    let volume = VoxelBox(extent: extent)
    let affinities = Volume(channels: 3, box: volume, values: values)
    for _ in 0..<runs { try run(affinities, volume) }
  }

  private func run<Affinity: AffinityScalar>(
    _ affinities: borrowing Volume<Affinity>, _ volume: VoxelBox
  ) throws {
    var times = [processorSeconds()]
    let fragments = watershed(
      affinities: affinities, box: volume, volume: volume, parameters: parameters)
    let labels = fragments.labels.converted(to: UInt64.self)
    times.append(processorSeconds())
    let counts = VoxelExtent(
      z: (extent.z + edge - 1) / edge, y: (extent.y + edge - 1) / edge,
      x: (extent.x + edge - 1) / edge)
    var graphs: [RegionGraph] = []
    for index in 0..<counts.voxelCount {
      let origin = VoxelPosition(
        z: index / counts.x / counts.y * edge, y: index / counts.x % counts.y * edge,
        x: index % counts.x * edge)
      let box = VoxelBox(origin: origin, extent: VoxelExtent(cube: edge)).intersection(volume)
      graphs.append(
        regionGraph(
          affinities: affinities, fragments: labels, box: box, volume: volume,
          detail: score.needsHistograms ? .histograms : .sums))
    }
    times.append(processorSeconds())
    let gathered = graphs
    let tree = try agglomerate(
      blockCounts: counts, fragmentCount: fragments.count,
      rules: AgglomerationRules(score: score, maximumCost: cost), threads: 1
    ) { gathered[$0] }
    let table = tree.segmentTable(threshold: cost)
    times.append(processorSeconds())
    let segments = relabelled(labels, by: table)
    times.append(processorSeconds())
    let seconds = zip(times, times.dropFirst()).map { $1 - $0 }
    let contacts = graphs.reduce(0) { $0 + $1.contacts.count }
    precondition(segments.span[0] <= table.max() ?? 0)
    print(
      fragments.count, contacts, tree.merges.count, table.max() ?? 0,
      seconds.map(String.init(describing:)).joined(separator: " "))
  }
}

let words = CommandLine.arguments
let shape = words.count == 10 ? words[3].split(separator: ",").compactMap { Int($0) } : []
guard shape.count == 3, let low = Double(words[4]), let high = Double(words[5]),
  let cost = Double(words[6]), let runs = Int(words[8]), let edge = Int(words[9])
else { throw UsageError() }
let score: ContactScore
switch words[7] {
case "mean": score = .mean
case "maximum": score = .maximum
default:
  guard let level = Double(words[7]).flatMap({ QuantileLevel($0) }) else { throw UsageError() }
  score = .quantile(level)
}
let test = Case(
  extent: VoxelExtent(z: shape[0], y: shape[1], x: shape[2]),
  parameters: WatershedParameters(low: low, high: high), cost: cost, score: score, runs: runs,
  edge: edge)
let bytes = Array(try Data(contentsOf: URL(filePath: words[1])))
switch words[2] {
case "uint8": try test.measure(UInt8.self, bytes)
case "float32": try test.measure(Float.self, bytes)
default: throw UsageError()
}
