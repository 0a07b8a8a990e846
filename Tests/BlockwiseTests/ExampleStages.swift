import Blockwise
import Codecs
import FoundationEssentials
import Synchronization
import TestSupport
import VolumeStore
import Voxels

/// Replaces each voxel by the mean of the cube around it: exact in blocks, given its halo.
struct BoxBlur: BlockStage {
  let input: MemoryVolume
  let output: MemoryVolume
  var radius = 2
  var name: String { "blur" }
  var halo: VoxelExtent { VoxelExtent(cube: radius) }
  var fingerprint: String { "input=\(input.path)\nradius=\(radius)\nversion=1" }
  var outputs: [any RecordedOutput] { [output] }

  func process(_ block: Block) throws -> BlockResult<NoReport> {
    let values = try input.read(block.readBox, as: UInt16.self)
    var means = Volume<UInt16>(box: block.writeBox)
    for z in 0..<block.writeBox.extent.z {
      for y in 0..<block.writeBox.extent.y {
        for x in 0..<block.writeBox.extent.x {
          let position = block.writeBox.origin + VoxelExtent(z: z, y: y, x: x)
          let cube = VoxelBox(origin: position, extent: VoxelExtent(cube: 1)).grown(by: halo)
            .intersection(input.metadata.box)
          let part = values.cropped(to: cube)
          var sum = 0
          for index in part.span.indices { sum += Int(part.span[index]) }
          means[position] = UInt16(sum / part.span.count)
        }
      }
    }
    return BlockResult(report: NoReport(), written: [try output.write(means)])
  }
}

/// Counts how often each value occurs; the counts of a block go to a file, their sum to `reduce`.
struct CountValues: BlockStage {
  struct Report: Codable, Sendable {
    var voxels: Int
    var mean: Double
  }

  let input: MemoryVolume
  let counts: BlockFiles
  let result: FileStore
  var name: String { "count" }
  var halo: VoxelExtent { .zero }
  var fingerprint: String { "input=\(input.path)" }
  var outputs: [any RecordedOutput] { [counts] }

  func process(_ block: Block) throws -> BlockResult<Report> {
    let values = try input.read(block.readBox, as: UInt16.self)
    var histogram: [UInt16: UInt64] = [:]
    var sum = 0.0
    for index in values.span.indices {
      histogram[values.span[index], default: 0] += 1
      sum += Double(values.span[index])
    }
    let keys = histogram.keys.sorted()
    var table = BlockTable()
    table.append(keys)
    table.append(keys.map { histogram[$0] ?? 0 })
    return BlockResult(
      report: Report(voxels: values.span.count, mean: sum / Double(values.span.count)),
      written: [[try counts.write(table, for: block)]])
  }

  func reduce(_ reports: [Report]) throws {
    var histogram: [UInt16: UInt64] = [:]
    for index in reports.indices {
      let table = try counts.read(index)
      for (key, count) in zip(
        try table.column(0, as: UInt16.self), try table.column(1, as: UInt64.self))
      {
        histogram[key, default: 0] += count
      }
    }
    var lines = histogram.keys.sorted().map { "\($0) \(histogram[$0] ?? 0)" }
    lines.append("voxels \(reports.reduce(0) { $0 + $1.voxels })")
    try result.write(Array(lines.joined(separator: "\n").utf8).span.bytes, to: "histogram")
    try result.synchronize()
  }

  func reductionIsIntact() throws -> Bool { try result.exists("histogram") }
}

/// A volume of small numbers that look random and are the same every time.
func numbers(extent: VoxelExtent, unit: VoxelExtent, limit: UInt64 = 1000) throws -> MemoryVolume {
  let volume = MemoryVolume("numbers", extent: extent, dataType: .uint16, storageUnit: unit)
  var state: UInt64 = 42
  var values: [UInt16] = []
  for _ in 0..<extent.voxelCount {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    values.append(UInt16((state >> 33) % limit))
  }
  _ = try volume.write(Volume(box: VoxelBox(extent: extent), values: values))
  return volume
}

/// The bytes of every file below a folder, by relative path.
func allContents(_ folder: String) -> [String: [UInt8]] {
  var all: [String: [UInt8]] = [:]
  for name in filesBelow(folder) { all[name] = contents(of: "\(folder)/\(name)") }
  return all
}
