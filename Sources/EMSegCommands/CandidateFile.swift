import Blockwise
import Codecs
import CommandLineInterface
import Segmentation
import VolumeStore
import Voxels

/// The table of contacts that a proofreader is to look at: those that cost little more than the
/// threshold, and those that vetoes kept apart.
struct CandidateFile {
  let path: String
  /// How far above the threshold costs may lie.
  let band: Double
  let isReplacing: Bool

  /// A contact of two segments.
  struct Row {
    var rule: ContactDecision.Rule?
    var affinity: MeanAffinity
    var peak: ContactPeak
    /// The segments of the fragments that the peak joins, in their order.
    var segments: (UInt64, UInt64)
  }

  /// Candidates, and what their table says of them.
  struct Found {
    var rows: [Row]
    /// The voxels of every segment.
    fileprivate var voxels: [UInt64]
    fileprivate var description: MergeDescription
  }

  /// - Throws: ``VolumeError`` with `alreadyExists` where something is there.
  func check() throws {
    guard !isReplacing, ExistingOutput.exists(path) else { return }
    throw ExistingOutput.error(path, "it is there already")
  }

  /// Finds the candidates, the cheapest first, and stores them beside the merges.
  ///
  /// - Parameters:
  ///   - merges: The merges of the volume.
  ///   - segments: The segment of every fragment at the threshold, 0 for background.
  ///   - threshold: The cost up to which regions merged.
  ///   - merging: What the merges were made by.
  ///   - runner: Gives the threads.
  /// - Returns: The candidates.
  /// - Throws: ``VolumeError``.
  func find(
    in merges: GraphFolder.Merges, segments: [UInt64], threshold: Double,
    merging: VolumeMerging, runner: StageRunner
  ) throws -> Found {
    let limit = min(1, threshold + band)
    var vetoed: [FragmentPair: Row] = [:]
    try merging.folder.forEachBox(of: merges) { box in
      for decision in box.decisions where !decision.rule.isMerge && decision.cost <= limit {
        let pair = decision.peak.fragments
        let ends = (segments[Int(pair.first)], segments[Int(pair.second)])
        guard ends.0 != ends.1, ends.0 != 0, ends.1 != 0 else { continue }
        let key = FragmentPair(first: min(ends.0, ends.1), second: max(ends.0, ends.1))
        let row = Row(
          rule: decision.rule, affinity: decision.affinity, peak: decision.peak, segments: ends)
        if let known = vetoed[key], !Self.precedes(row, known) { continue }
        vetoed[key] = row
      }
    }
    let residual = try merging.residualContacts(
      of: merges, segments: segments, costs: (above: threshold, upTo: limit), runner
    ).filter { vetoed[FragmentPair(first: $0.first, second: $0.second)] == nil }
    let rows =
      residual.map { contact in
        let pair = contact.peak.fragments
        return Row(
          rule: nil, affinity: contact.affinity, peak: contact.peak,
          segments: (segments[Int(pair.first)], segments[Int(pair.second)]))
      } + vetoed.values
    let sorted = rows.sorted(by: Self.precedes)
    var voxels = [UInt64](repeating: 0, count: Int(segments.max() ?? 0) + 1)
    for (segment, size) in zip(segments, merges.fragmentSizes) { voxels[Int(segment)] += size }
    try store(sorted, voxels: voxels, in: "\(merging.folder.path)/candidates")
    return Found(rows: sorted, voxels: voxels, description: merges.description)
  }

  /// By cost, then by the fragments that meet: no two contacts of segments share them.
  private static func precedes(_ left: Row, _ right: Row) -> Bool {
    if left.affinity.isCheaper(than: right.affinity) { return true }
    if right.affinity.isCheaper(than: left.affinity) { return false }
    return left.peak.fragments < right.peak.fragments
  }

  /// Writes candidates as text.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  func write(_ found: Found) throws {
    let (voxels, description) = (found.voxels, found.description)
    var text =
      "kind,segment_a,segment_b,voxels_a,voxels_b,score,cost,links,strongest,fragment_a,"
      + "fragment_b,z,y,x,z_nm,y_nm,x_nm\n"
    for row in found.rows {
      let place = row.peak.point.position(in: description.volume)
      let kind =
        switch row.rule {
        case .sizeVeto: "size veto"
        case .classVeto: "class veto"
        default: "residual"
        }
      let segments = [row.segments.0, row.segments.1]
      var fields = [kind]
      fields += segments.map { "\($0)" }
      fields += segments.map { "\(voxels[Int($0)])" }
      fields += [shortText(row.affinity.mean), shortText(row.affinity.cost)]
      fields += ["\(row.affinity.count)", shortText(row.peak.affinity)]
      fields += [row.peak.fragments.first, row.peak.fragments.second].map { "\($0)" }
      fields += [place.z, place.y, place.x].map { "\($0)" }
      fields += description.nanometers(of: place).map { shortText($0) }
      text += fields.joined(separator: ",") + "\n"
    }
    try ExistingOutput.createFolder(of: path)
    let (folder, name) = FileStore.split(path)
    let bytes = Array(text.utf8)
    try FileStore(root: folder).write(bytes.rawSpan, to: name)
  }

  /// Stores the same as columns.
  private func store(_ rows: [Row], voxels: [UInt64], in folder: String) throws {
    var table = BlockTable()
    table.append(rows.map { $0.rule?.rawValue ?? 0 })
    table.append(rows.map(\.segments.0))
    table.append(rows.map(\.segments.1))
    table.append(rows.map { voxels[Int($0.segments.0)] })
    table.append(rows.map { voxels[Int($0.segments.1)] })
    table.append(rows.map(\.affinity.mean))
    table.append(rows.map(\.affinity.count))
    table.append(rows.map(\.peak.affinity))
    table.append(rows.map(\.peak.fragments.first))
    table.append(rows.map(\.peak.fragments.second))
    let places = rows.map { $0.peak.point.position(in: VoxelBox(extent: .zero)) }
    table.append(places.map { UInt64($0.z) })
    table.append(places.map { UInt64($0.y) })
    table.append(places.map { UInt64($0.x) })
    let box = VoxelBox(extent: VoxelExtent(cube: 1))
    let files = BlockFiles(path: folder)
    let record = try files.write(table, for: Block(index: 0, writeBox: box, readBox: box))
    try files.finish([record])
  }
}

extension MergeDescription {
  /// Where a voxel lies, along z, y and x.
  func nanometers(of place: VoxelPosition) -> [Double] {
    let size = voxelSize.converted(to: .nanometer)
    let scale = voxelSize.x > 0 ? size.x / voxelSize.x : 1
    return [
      offset.z * scale + Double(place.z) * size.z, offset.y * scale + Double(place.y) * size.y,
      offset.x * scale + Double(place.x) * size.x,
    ]
  }
}
