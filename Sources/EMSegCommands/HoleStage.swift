import Blockwise
import Labels
import VolumeStore
import Voxels

/// Finds the parts of each block's background, and which labels are around them.
struct HoleStage<Labelling: BlockLabelling>: BlockStage {
  let joined: JoinedLabelling<Labelling>
  /// How background voxels join.
  let neighbourhood: Neighbourhood
  let files: BlockFiles

  var name: String { "\(joined.labelling.name), holes" }
  var halo: VoxelExtent { joined.labelling.halo }
  var fingerprint: String { "pass=holes 1\n\(joined.fingerprint)" }
  var outputs: [any RecordedOutput] { [files] }

  func process(_ block: Block) throws -> BlockResult<NoReport> {
    let grown = joined.grownBox(of: block)
    let labels = try joined.labels(of: block, in: grown)
    let parts = HoleMap.background(of: labels, neighbourhood)
    let seams = BlockSeams(
      of: parts, ownBox: block.writeBox, region: joined.labelling.volume)
    let around = enclosures(of: parts.labels, count: parts.count, in: labels)
    var table = BlockTable()
    table.append(seams.encoded())
    table.append(around.map(\.code))
    return BlockResult(report: NoReport(), written: [[try files.write(table, for: block)]])
  }
}

/// The holes of a whole volume: parts of its background that do not reach its outer faces and that
/// touch one label only.
struct HoleMap: Sendable {
  private let map: ComponentMap
  private let neighbourhood: Neighbourhood
  /// The label around each part by its number; 0 where it is no hole.
  private let labels: [UInt64]
  /// The number of voxels in holes.
  let filledVoxelCount: Int

  /// Tells holes from other parts.
  ///
  /// - Parameters:
  ///   - map: The parts of the background that do not reach the volume's outer faces.
  ///   - neighbourhood: How background voxels join.
  ///   - files: What ``HoleStage`` wrote.
  /// - Throws: ``VolumeError`` where the files cannot be read or do not fit the map.
  init(map: ComponentMap, neighbourhood: Neighbourhood, files: BlockFiles) throws {
    self.map = map
    self.neighbourhood = neighbourhood
    var around = [Enclosure](repeating: .nothing, count: map.kept.count + 1)
    for block in 0..<map.blockCount {
      let codes = try files.read(block).column(1, as: UInt64.self)
      let numbers = try map.table(ofBlock: block)
      guard codes.count == numbers.count - 1 else {
        throw VolumeError(
          .corruptChunk, path: files.path, "the holes of block \(block) are not all there",
          remedy: "run again to compute them anew")
      }
      for (code, number) in zip(codes, numbers.dropFirst()) where number != 0 {
        around[Int(number)].add(Enclosure(code: code))
      }
    }
    labels = around.map { $0.label ?? 0 }
    let holes = zip(labels.dropFirst(), try map.components())
    filledVoxelCount = holes.reduce(0) { $0 + ($1.0 == 0 ? 0 : $1.1.voxelCount) }
  }

  /// The parts of a block's background.
  static func background(
    of labels: borrowing Volume<UInt64>, _ neighbourhood: Neighbourhood
  ) -> LocalComponents {
    var mask = Volume<UInt8>(box: labels.box)
    let values = labels.span
    var marks = mask.mutableSpan
    for index in values.indices { marks[index] = values[index] == 0 ? 1 : 0 }
    return connectedComponents(of: mask, neighbourhood: neighbourhood)
  }

  /// Fills the holes of a block.
  func fill(_ labels: inout Volume<UInt64>, ofBlock index: Int) throws {
    let parts = Self.background(of: labels, neighbourhood)
    let table = try map.table(ofBlock: index).map { self.labels[Int($0)] }
    Labels.fill(&labels, parts: parts.labels, by: table)
  }
}
