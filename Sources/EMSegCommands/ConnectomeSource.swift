import Codecs
import CommandLineInterface
import Connectomes
import Synapses
import VolumeStore
import Voxels

/// The synapses that a connectome is made of, with the segments that they join.
struct ConnectomeSource {
  /// The sides of a synapse, in the order of the points.
  private static let sides = ["presynaptic", "postsynaptic"]

  private let command: ConnectomeCommand
  private let context: CommandContext
  /// How many synapses were left out, and why.
  private(set) var orderedCounts: [(name: String, count: Int)] = []
  /// The digests of the files that were read whole.
  private(set) var inputs: JSONObject = [:]
  /// What says which neuron a side belongs to.
  private(set) var neurons = ""
  private(set) var segmentationFacts: JSONObject?
  private(set) var regionFacts: JSONObject?

  init(command: ConnectomeCommand, context: CommandContext) {
    self.command = command
    self.context = context
  }

  var counts: [String: Int] {
    Dictionary(uniqueKeysWithValues: orderedCounts.map { ($0.name, $0.count) })
  }

  /// The counts in words.
  var summary: String {
    orderedCounts.map { "\($0.count) \($0.name.replacing("_", with: " "))" }
      .joined(separator: ", ")
  }

  /// Reads the table, finds segments and regions, and leaves out what does not count.
  ///
  /// - Throws: ``VolumeError`` where the table is empty, a point lies outside, an id is in no table
  ///   of segments, or a synapse lacks the weight.
  mutating func contacts() throws -> [SegmentGraph.Contact] {
    let file = try SynapseFile(command.synapses, unit: command.unit.size)
    inputs[file.path] = .string("xxh3-128:\(file.digest)")
    guard !file.synapses.isEmpty else {
      throw VolumeError(
        .malformedMetadata, path: file.path, "there are no synapses in the table",
        expected: "a row for each synapse below the names of the columns")
    }
    // Rows stay known by their places in the file.
    var rows = Array(file.synapses.enumerated())
    orderedCounts.append(("synapses", rows.count))
    if let least = command.minimumScore {
      guard rows.contains(where: { $0.element.score != nil }) else {
        throw UsageError(
          "--minimum-score", "the synapses have no score", found: file.path,
          expected: "a column score")
      }
      keep(&rows, "below_minimum_score") { $0.element.score.map { $0 >= least } ?? true }
    }
    rows = try withSegments(rows)
    keep(&rows, "unassigned") { ($0.element.preID ?? 0) != 0 && ($0.element.postID ?? 0) != 0 }
    if command.mergeDistance > 0 {
      let kept = Set(
        DuplicateSynapses.kept(of: rows.map(\.element), within: command.mergeDistance)
          .map { rows[$0].offset })
      keep(&rows, "duplicates") { kept.contains($0.offset) }
    }
    if !command.keepsAutapses {
      keep(&rows, "autapses") { $0.element.preID != $0.element.postID }
    }
    try checkWeights(rows)
    let regions = try regions(of: rows.map(\.element.post))
    return rows.enumerated().map { place, row in
      SegmentGraph.Contact(
        from: row.element.preID ?? 0, to: row.element.postID ?? 0, size: row.element.size,
        score: row.element.score, region: regions?[place])
    }
  }

  private typealias Row = EnumeratedSequence<[Synapse]>.Element

  private mutating func keep(_ rows: inout [Row], _ name: String, _ isKept: (Row) -> Bool) {
    let before = rows.count
    rows.removeAll { !isKept($0) }
    orderedCounts.append((name, before - rows.count))
  }

  // MARK: Segments

  private mutating func withSegments(_ rows: [Row]) throws -> [Row] {
    var rows = rows
    if let path = command.segmentation {
      rows = try lookedUp(rows, in: path)
    } else if rows.contains(where: { $0.element.preID != nil })
      && rows.contains(where: { $0.element.postID != nil }) && command.segments == nil
    {
      neurons = "ids of the table"
    } else if rows.contains(where: { $0.element.preSupervoxelID != nil })
      && rows.contains(where: { $0.element.postSupervoxelID != nil })
    {
      neurons = "supervoxel ids of the table"
      if command.segments == nil {
        context.note(
          "\(command.synapses): the table names supervoxels alone; each counts as a neuron")
      }
      for place in rows.indices {
        rows[place].element.preID = rows[place].element.preSupervoxelID
        rows[place].element.postID = rows[place].element.postSupervoxelID
      }
    } else if rows.contains(where: { $0.element.preID != nil && $0.element.postID != nil }) {
      neurons = "ids of the table"
    } else {
      throw VolumeError(
        .unsupportedFeature, path: command.synapses,
        "the synapses do not say which neurons they connect",
        expected: "columns pre_id and post_id, or supervoxel ids",
        remedy: "give --segmentation, to look them up at the points")
    }
    if let path = command.segments { try join(&rows, by: path) }
    return rows
  }

  /// Replaces supervoxels by the segments that a table says they belong to.
  private mutating func join(_ rows: inout [Row], by path: String) throws {
    let table = try LabelTableFile.read(path)
    inputs[path] = .string("xxh3-128:\(try contentDigest(of: path))")
    neurons += ", joined by \(path)"
    func segment(_ id: UInt64?, _ row: Int, _ side: Int) throws -> UInt64? {
      guard let id, id != 0 else { return id }
      guard let segment = table[id] else {
        throw VolumeError(
          .malformedMetadata, path: command.synapses,
          "row \(row + 1): the \(Self.sides[side]) id is not in the segmentation",
          found: "\(id)", expected: "one of the \(table.count) ids in \(path)",
          remedy: "give the table of segments that belongs to the synapses' supervoxels")
      }
      return segment
    }
    for place in rows.indices {
      let (row, synapse) = rows[place]
      rows[place].element.preID = try segment(synapse.preID, row, 0)
      rows[place].element.postID = try segment(synapse.postID, row, 1)
    }
  }

  private func contentDigest(of path: String) throws -> ContentDigest {
    ContentDigest(of: try FileStore(root: path).read("", limit: 1 << 32) ?? [])
  }

  private mutating func lookedUp(_ rows: [Row], in path: String) throws -> [Row] {
    let options = SourceOptions(dataset: command.dataset, voxelSize: command.voxelSize)
    let volume = try options.open(path, context: context)
    segmentationFacts = [
      "source": .string(volume.reader.path), "identity": .string(volume.identity),
      "format": .string(volume.formatName),
    ]
    neurons = "labels of the segmentation at the points"
    let runner = StageRunner(context: context, options: command.blockwise)
    let places = rows.flatMap { [$0.element.pre, $0.element.post] }
    let labels = try SegmentLookup(volume.reader, runner).labels(at: places)
    let frame = VolumeFrame(volume.reader)
    var (found, others) = (rows, 0)
    for (place, row) in rows.enumerated() {
      for side in 0..<2 where labels[2 * place + side] == nil && !command.ignoresOutside {
        throw frame.outside(
          places[2 * place + side], in: places, of: command.synapses,
          "row \(row.offset + 1): the \(Self.sides[side]) side", unit: command.unit.size)
      }
      let (pre, post) = (labels[2 * place], labels[2 * place + 1])
      for (id, label) in [(row.element.preID, pre), (row.element.postID, post)] {
        if let id, let label, id != label { others += 1 }
      }
      found[place].element.preID = pre
      found[place].element.postID = post
    }
    if command.ignoresOutside {
      let isInside = zip(stride(from: 0, to: labels.count, by: 2), rows).map { first, row in
        (row.offset, labels[first] != nil && labels[first + 1] != nil)
      }
      let inside = Dictionary(uniqueKeysWithValues: isInside)
      keep(&found, "outside") { inside[$0.offset] ?? false }
    }
    if others > 0 {
      context.note(
        "\(others) of \(places.count) sides have another id in the table than the label at their "
          + "point; the labels count")
    }
    if let remark = frame.suspicion(of: places) { context.warn("\(command.synapses): \(remark)") }
    return found
  }

  // MARK: Weights and regions

  private func checkWeights(_ rows: [Row]) throws {
    for (row, synapse) in rows {
      let values: (name: String, value: Double?)
      switch command.weight {
      case .count: return
      case .area: values = ("size", synapse.size)
      case .score: values = ("score", synapse.score)
      }
      guard let value = values.value, value.isFinite, value >= 0 else {
        throw VolumeError(
          .malformedMetadata, path: command.synapses,
          "row \(row + 1): the \(values.name) is no weight",
          found: values.value.map { "\($0)" } ?? "none",
          expected: "a number from 0 in the column \(values.name)",
          remedy: "correct the table, or weigh connections by --weight count")
      }
    }
  }

  private mutating func regions(of places: [PhysicalPosition]) throws -> [UInt64]? {
    guard let path = command.regions else { return nil }
    let volume = try SourceOptions().open(path, context: context)
    regionFacts = [
      "source": .string(volume.reader.path), "identity": .string(volume.identity),
      "format": .string(volume.formatName),
    ]
    let runner = StageRunner(context: context, options: command.blockwise)
    let labels = try SegmentLookup(volume.reader, runner).labels(at: places)
    let missing = labels.count { ($0 ?? 0) == 0 }
    if missing > 0 { context.note("\(missing) synapses lie in no region; theirs is 0") }
    return labels.map { $0 ?? 0 }
  }
}
