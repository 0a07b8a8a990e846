import Blockwise
import Codecs
import CommandLineInterface
import FoundationEssentials
import Proofreading
import SQLite
import Segmentation
import VolumeStore
import Voxels

/// A project whose segmentation is edited: its supervoxels, their graph, and the log of edits.
struct EditedProject {
  let project: ProjectFolder
  let database: ProofreadingDatabase
  let log: OperationLog
  let fragments: any VolumeReader

  /// Opens a project.
  ///
  /// - Parameters:
  ///   - argument: The project.
  ///   - mode: What its database is opened for.
  ///   - context: Says which version this is.
  /// - Throws: ``VolumeError`` where the project is not so far, or a file is damaged.
  init(
    _ argument: ProjectArgument, _ mode: SQLiteDatabase.Mode, _ context: CommandContext
  ) throws {
    project = try argument.project
    fragments = try InputVolume.stored(project.fragments).reader
    let base = try Self.base(of: project)
    database = try argument.database(mode)
    log = try OperationLog(
      database, base: base, isReadOnly: mode == .read, version: context.version,
      now: { Int64(Date().timeIntervalSince1970 * 1000) })
  }

  /// The graph of the supervoxels and the segments that agglomeration made of them.
  ///
  /// - Throws: ``VolumeError`` where there is none, or a file is damaged.
  static func base(of project: ProjectFolder) throws -> BaseGraph {
    let folder = GraphFolder(path: project.graph)
    guard let merges = try folder.storedMerges() else {
      throw VolumeError(
        .notFound, path: project.path, "the project has no merges yet",
        remedy: "run emseg segment again to resume it, then this")
    }
    let threshold =
      try setting("agglomeration_threshold", of: project)?.double
      ?? SegmentTable.threshold(in: "\(project.graph)/segments")
      ?? AgglomerateCommand.standardThreshold
    let score = ContactScore(text: merges.description.score)
    let (ledger, files) = folder.contacts(
      score?.needsHistograms == true ? .histograms : .sums)
    guard let grid = try recordedGrid(ledger: ledger) else {
      throw VolumeError(
        .notFound, path: ledger, "the contacts of supervoxels are missing",
        remedy: "run emseg segment again to resume it, then this")
    }
    var contacts: [BaseGraph.Contact] = []
    for index in 0..<grid.count {
      let graph = try RegionGraph(decoding: try files.read(index).column(0, as: UInt8.self))
      contacts += graph.contacts.map { contact in
        BaseGraph.Contact(
          SupervoxelEdge(contact.first, contact.second, contact.affinity),
          at: contact.point.position(in: merges.description.volume))
      }
    }
    do {
      return try BaseGraph(
        voxelCounts: merges.fragmentSizes,
        segments: merges.tree.segmentTable(threshold: min(threshold, merges.tree.maximumCost)),
        contacts: contacts)
    } catch {
      throw VolumeError(
        .malformedMetadata, path: project.graph, error.message, found: error.found,
        expected: error.expected, remedy: "remove the folder, and run emseg segment again")
    }
  }

  /// What a project's description says under a name.
  static func setting(_ name: String, of project: ProjectFolder) throws -> JSONValue? {
    let store = FileStore(root: project.path)
    guard let text = try store.read(ProjectFolder.marker, limit: 1 << 20) else { return nil }
    return (try? JSONValue(parsing: text))?.object?[name]
  }

  /// What was pointed at, in the present supervoxels.
  ///
  /// - Throws: ``EditRefusal`` where a voxel is background or outside; ``VolumeError``.
  func points(_ sides: [[EditPlace]]) throws -> [EditPoint] {
    let partitions = try log.state.partitions
    return try sides.enumerated().flatMap { side, places in
      try places.map { place in
        switch place {
        case .supervoxel(let id): return EditPoint(id, side: side)
        case .voxel(let voxel): return try point(at: voxel, side: side, under: partitions)
        }
      }
    }
  }

  private func point(
    at voxel: VoxelPosition, side: Int, under partitions: [SupervoxelPartition]
  ) throws -> EditPoint {
    let text = "\(voxel.z),\(voxel.y),\(voxel.x)"
    guard fragments.metadata.box.contains(voxel) else {
      throw EditRefusal(
        .background, "a point lies outside the volume", found: text,
        expected: "below \(fragments.metadata.extent.text)")
    }
    var labels = try fragments.readConverting(
      VoxelBox(origin: voxel, extent: VoxelExtent(cube: 1)), to: UInt64.self)
    for partition in partitions { partition.lay(over: &labels) }
    guard labels[voxel] != 0 else {
      throw EditRefusal(
        .background, "a point lies in background", found: text,
        remedy: "move it into a segment")
    }
    return EditPoint(labels[voxel], side: side, voxel: voxel, nanometers: place(of: voxel))
  }

  /// Where a voxel lies, in nanometres.
  private func place(of voxel: VoxelPosition) -> PhysicalPosition? {
    guard let size = fragments.metadata.voxelSize else { return nil }
    let (length, unit) = (size.converted(to: .nanometer), size.unit.nanometers)
    let offset = fragments.metadata.offset
    return PhysicalPosition(
      z: offset.z * unit + Double(voxel.z) * length.z,
      y: offset.y * unit + Double(voxel.y) * length.y,
      x: offset.x * unit + Double(voxel.x) * length.x)
  }

  /// Splits a supervoxel by a watershed of the affinities within it.
  ///
  /// - Throws: ``EditRefusal``; ``VolumeError``, also where it is too large to hold.
  func partition(
    _ supervoxel: UInt64, _ state: SegmentState, _ seeds: [PartSeed], _ parts: [UInt64]
  ) throws -> SupervoxelPartition {
    let affinities = try AffinityVolume.open(project.affinities)
    let volume = fragments.metadata.box
    let (box, labels) = try surroundings(of: supervoxel, from: seeds, state)
    if affinities.reader.metadata.dataType == .uint8 {
      return try SupervoxelPartition(
        of: supervoxel, fragments: labels, affinities: try affinities.read(box, as: UInt8.self),
        seeds: seeds, parts: parts, volume: volume)
    }
    return try SupervoxelPartition(
      of: supervoxel, fragments: labels, affinities: try affinities.read(box, as: Float.self),
      seeds: seeds, parts: parts, volume: volume)
  }

  /// The most voxels around a supervoxel that are read to split it: 4 GiB of labels and links.
  private static let largestBox = 1 << 28

  /// A box around a supervoxel, with at least a voxel beyond it, and the supervoxels in it.
  private func surroundings(
    of supervoxel: UInt64, from seeds: [PartSeed], _ state: SegmentState
  ) throws -> (VoxelBox, Volume<UInt64>) {
    let volume = fragments.metadata.box
    guard let first = seeds.first, seeds.allSatisfy({ volume.contains($0.voxel) }) else {
      throw EditRefusal(
        .tooFewSeeds, "there are no voxels to split the supervoxel from",
        remedy: "name places as z,y,x")
    }
    var box = seeds.reduce(VoxelBox(origin: first.voxel, extent: VoxelExtent(cube: 1))) {
      $0.union(VoxelBox(origin: $1.voxel, extent: VoxelExtent(cube: 1)))
    }
    var margin = 16
    while true {
      box = box.grown(by: VoxelExtent(cube: margin)).intersection(volume)
      guard box.extent.voxelCount <= Self.largestBox else {
        throw VolumeError(
          .limitExceeded, path: project.fragments, "the supervoxel is too large to split",
          found: "more than \(box.extent.text) voxels", expected: "\(Self.largestBox) voxels")
      }
      var labels = try fragments.readConverting(box, to: UInt64.self)
      for partition in state.partitions { partition.lay(over: &labels) }
      if !reachesOpenFace(of: labels, supervoxel, within: volume) { return (box, labels) }
      margin *= 2
    }
  }

  /// Whether a supervoxel lies at a face of a box beyond which the volume goes on.
  private func reachesOpenFace(
    of labels: borrowing Volume<UInt64>, _ supervoxel: UInt64, within volume: VoxelBox
  ) -> Bool {
    let (box, extent) = (labels.box, labels.extent)
    for z in 0..<extent.z {
      let isFaceZ =
        z == 0 && box.origin.z > volume.origin.z
        || z == extent.z - 1 && box.end.z < volume.end.z
      for y in 0..<extent.y {
        let isFace =
          isFaceZ || y == 0 && box.origin.y > volume.origin.y
          || y == extent.y - 1 && box.end.y < volume.end.y
        let row = labels.row(z: z, y: y)
        if isFace {
          for x in row.indices where row[x] == supervoxel { return true }
        } else if row[0] == supervoxel && box.origin.x > volume.origin.x
          || row[extent.x - 1] == supervoxel && box.end.x < volume.end.x
        {
          return true
        }
      }
    }
    return false
  }
}
