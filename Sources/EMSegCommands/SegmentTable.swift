import Blockwise
import Codecs
import FoundationEssentials
import VolumeStore
import Voxels

/// The segments of a volume as lists of fragments, in a folder: a segmentation without voxels.
struct SegmentTable {
  /// The file that marks such a folder and says what its segments are of.
  static let marker = "segments.json"

  /// The segment of every fragment, by id; 0 for those that are background.
  let segments: [UInt64]
  /// The voxels of every fragment, by id.
  let fragmentSizes: [UInt64]

  /// The number of segments.
  private var count: Int { Int(segments.max() ?? 0) }

  /// Where the fragments of each segment begin, and the last end, in ``sortedFragments``.
  private var starts: [UInt64] {
    var starts = [UInt64](repeating: 0, count: count + 2)
    for segment in segments { starts[Int(segment) + 1] += 1 }
    // Background, at 0, has no place.
    starts[1] = 0
    for segment in starts.indices.dropFirst() { starts[segment] += starts[segment - 1] }
    return starts
  }

  /// The fragments, by segment, then by id.
  private var sortedFragments: [UInt64] {
    var next = starts
    var sorted = [UInt64](repeating: 0, count: Int(next.last ?? 0))
    for (fragment, segment) in segments.enumerated() where segment != 0 {
      sorted[Int(next[Int(segment)])] = UInt64(fragment)
      next[Int(segment)] += 1
    }
    return sorted
  }

  private var voxelCounts: [UInt64] {
    var voxels = [UInt64](repeating: 0, count: count + 1)
    for (segment, size) in zip(segments, fragmentSizes) where segment != 0 {
      voxels[Int(segment)] += size
    }
    return voxels
  }

  /// The threshold of the table in a folder; nil where there is none.
  static func threshold(in folder: String) throws(VolumeError) -> Double? {
    guard let text = try FileStore(root: folder).read(marker, limit: 1 << 20) else { return nil }
    return (try? JSONValue(parsing: text))?.object?["threshold"]?.double
  }

  /// Stores the table in a folder, in place of an earlier one.
  ///
  /// - Parameters:
  ///   - folder: The folder, made where it is missing.
  ///   - facts: What the segments are of.
  ///   - view: What Neuroglancer is to show the fragments as.
  /// - Throws: ``VolumeError`` with `inputOutput`.
  func store(in folder: String, facts: JSONObject, view: SegmentView) throws {
    var table = BlockTable()
    table.append(segments)
    table.append(starts)
    table.append(sortedFragments)
    table.append(voxelCounts)
    let files = BlockFiles(path: "\(folder)/columns")
    let block = VoxelBox(extent: VoxelExtent(cube: 1))
    let record = try files.write(table, for: Block(index: 0, writeBox: block, readBox: block))
    try files.finish([record])
    let store = FileStore(root: folder)
    let state = try JSONValue.object(view.state(starts: starts, fragments: sortedFragments))
      .encoded()
    try store.write(state.rawSpan, to: "neuroglancer.json")
    // Last, since it says that the rest is there.
    let text = try JSONValue.object(facts).encoded(pretty: true) + [UInt8(ascii: "\n")]
    try store.write(text.rawSpan, to: Self.marker)
    try store.synchronize()
  }
}

/// How Neuroglancer shows fragments as the segments that they make.
struct SegmentView {
  /// The address at which the fragments are served.
  let source: String
  let voxelSize: VoxelSize
  let extent: VoxelExtent

  /// The name of the OME-Zarr that an array at a path belongs to.
  static func name(of path: String) -> String {
    // The image's folder, not that of its finest level.
    let store = FileStore.split(FileStore(root: path).root)
    return Int(store.name) == nil ? store.name : FileStore.split(store.folder).name
  }

  /// Where the OME-Zarr at a path is found when its folder is served on this computer.
  static func address(of path: String) -> String {
    "http://localhost:8000/\(name(of: path))/|zarr3:"
  }

  /// A viewer state: one layer of the fragments, those of each segment joined.
  func state(starts: [UInt64], fragments: [UInt64]) -> JSONObject {
    var equivalences: [JSONValue] = []
    for segment in starts.indices.dropFirst().dropLast() {
      let members = fragments[Int(starts[segment])..<Int(starts[segment + 1])]
      guard members.count > 1 else { continue }
      equivalences.append(.array(members.map { .string("\($0)") }))
    }
    let size = voxelSize.converted(to: .nanometer)
    func dimension(_ nanometers: Double) -> JSONValue {
      .array([.number(nanometers * 1e-9), .string("m")])
    }
    return [
      "dimensions": .object([
        "x": dimension(size.x), "y": dimension(size.y), "z": dimension(size.z),
      ]),
      "position": .array([extent.x, extent.y, extent.z].map { .number(Double($0) / 2) }),
      "layers": .array([
        .object([
          "type": .string("segmentation"), "name": .string("segments"),
          "source": .string(source), "equivalences": .array(equivalences),
        ])
      ]),
      "layout": .string("4panel"),
    ]
  }
}
