import Blockwise
import Labels
import VolumeStore
import Voxels

/// Tables of labels and of their contacts, gathered from blocks and kept in the labels' store.
///
/// `components.csv` has a line for each label: voxels, volume, the box `start ..< end` in voxels,
/// the centroid in nanometres, the number of labels that it touches. `contacts.csv` has a line for
/// each two labels that share voxel faces: how many across each axis, and their area.
struct ComponentTables {
  /// The labels that are summed up at once.
  private static let labelsAtOnce = 1 << 18

  /// What ``table(of:ownBox:)`` gave for each block.
  let files: BlockFiles
  let blockCount: Int
  let labelCount: Int
  let voxelSize: VoxelSize
  let offset: PhysicalPosition

  /// The statistics and contacts of one block, as columns of numbers.
  ///
  /// - Parameters:
  ///   - labels: Labels of the block and of one voxel beyond its far faces.
  ///   - ownBox: The box whose voxels belong to the block.
  /// - Returns: One column of statistics and one of contacts, label after label.
  static func table(of labels: borrowing Volume<UInt64>, ownBox: VoxelBox) -> BlockTable {
    var statistics = LabelStatisticsTable()
    statistics.add(labels.cropped(to: ownBox))
    var contacts = LabelContactTable()
    contacts.add(labels, ownBox: ownBox)
    var statisticsWords: [UInt64] = []
    for label in statistics.labels {
      guard let entry = statistics[label] else { continue }
      statisticsWords.append(label)
      statisticsWords += entry.words
    }
    var contactWords: [UInt64] = []
    for pair in contacts.pairs {
      guard let faces = contacts.entries[pair]?.faces else { continue }
      contactWords += [pair.first, pair.second]
      contactWords += [faces.z, faces.y, faces.x].map { UInt64($0) }
    }
    var table = BlockTable()
    table.append(statisticsWords)
    table.append(contactWords)
    return table
  }

  /// Sums up the blocks and writes both tables.
  func write(to folder: String) throws {
    var components = Array(
      ("id,voxels,volume_um3,start_z,start_y,start_x,end_z,end_y,end_x,"
        + "centroid_z_nm,centroid_y_nm,centroid_x_nm,contacts\n").utf8)
    var contacts = Array("first,second,faces_z,faces_y,faces_x,area_um2\n".utf8)
    for start in stride(from: 1, through: labelCount, by: Self.labelsAtOnce) {
      let range = UInt64(start)..<UInt64(min(start + Self.labelsAtOnce, labelCount + 1))
      let (statistics, touching) = try sums(of: range)
      var neighbours: [UInt64: Int] = [:]
      for pair in touching.pairs {
        if range.contains(pair.first) { neighbours[pair.first, default: 0] += 1 }
        if range.contains(pair.second) { neighbours[pair.second, default: 0] += 1 }
        guard range.contains(pair.first), let contact = touching.entries[pair] else { continue }
        let faces = contact.faces
        contacts += Array(
          ("\(pair.first),\(pair.second),\(faces.z),\(faces.y),\(faces.x),"
            + "\(contact.area(voxelSize))\n").utf8)
      }
      for label in statistics.labels {
        guard let entry = statistics[label] else { continue }
        components += Array(line(label, entry, neighbours[label] ?? 0).utf8)
      }
    }
    let store = FileStore(root: folder)
    try store.write(components.rawSpan, to: "components.csv")
    try store.write(contacts.rawSpan, to: "contacts.csv")
    try store.synchronize()
  }

  private func line(_ label: UInt64, _ entry: LabelStatistics, _ contacts: Int) -> String {
    let (start, end, centre) = (entry.box.origin, entry.box.end, entry.centroid)
    let volume =
      Double(entry.voxelCount) * (voxelSize.z * voxelSize.y * voxelSize.x) * 1e-9
    let place = [
      offset.z + centre.z * voxelSize.z, offset.y + centre.y * voxelSize.y,
      offset.x + centre.x * voxelSize.x,
    ]
    return "\(label),\(entry.voxelCount),\(volume),\(start.z),\(start.y),\(start.x),"
      + "\(end.z),\(end.y),\(end.x),\(place[0]),\(place[1]),\(place[2]),\(contacts)\n"
  }

  /// The statistics of some labels, and every contact of any of them.
  private func sums(
    of range: Range<UInt64>
  ) throws -> (LabelStatisticsTable, LabelContactTable) {
    var statistics = LabelStatisticsTable()
    var contacts = LabelContactTable()
    for block in 0..<blockCount {
      let table = try files.read(block)
      let words = try table.column(0, as: UInt64.self)
      let length = 1 + LabelStatistics.wordCount
      guard words.count.isMultiple(of: length) else { throw damaged(block) }
      for start in stride(from: 0, to: words.count, by: length) where range.contains(words[start]) {
        guard let entry = LabelStatistics(words: words[start + 1..<start + length]) else {
          throw damaged(block)
        }
        statistics.merge(entry, of: words[start])
      }
      let pairs = try table.column(1, as: UInt64.self)
      guard pairs.count.isMultiple(of: 5) else { throw damaged(block) }
      for start in stride(from: 0, to: pairs.count, by: 5) {
        let (first, second) = (pairs[start], pairs[start + 1])
        guard range.contains(first) || range.contains(second) else { continue }
        let faces = pairs[start + 2..<start + 5].map { Int(truncatingIfNeeded: $0) }
        guard first < second, faces.allSatisfy({ $0 >= 0 }) else { throw damaged(block) }
        contacts.merge(
          LabelContact(faces: VoxelExtent(z: faces[0], y: faces[1], x: faces[2])),
          into: LabelPair(first, second))
      }
    }
    return (statistics, contacts)
  }

  private func damaged(_ block: Int) -> VolumeError {
    VolumeError(
      .corruptChunk, path: files.path, "the table of block \(block) is not one",
      remedy: "run again to compute it anew")
  }
}
