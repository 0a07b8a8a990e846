public import Voxels

extension SynapseTable {
  /// The columns' names, as CAVE has them, with how each synapse was found.
  public static let columns = [
    "id", "pre_pt_position", "post_pt_position", "ctr_pt_position", "pre_pt_supervoxel_id",
    "post_pt_supervoxel_id", "size", "score", "method", "model",
  ]

  /// Writes synapses as text divided by commas, with positions as `[x, y, z]`.
  ///
  /// What is not known is empty; a middle that is not known is that between the sides. Ids of
  /// neurons are not written: they change as neurons are corrected, and supervoxels do not.
  ///
  /// - Parameters:
  ///   - synapses: The synapses; one without a number gets its place, from 1.
  ///   - unit: The nanometres of one unit along each axis, such as 40,4,4 for voxels of it.
  /// - Returns: The file's bytes; ``synapses(parsing:unit:)`` reads the same numbers.
  public static func text(
    of synapses: [Synapse], unit: VoxelSize = VoxelSize(z: 1, y: 1, x: 1)
  ) -> [UInt8] {
    let scale = unit.converted(to: .nanometer)
    func number(_ value: Double) -> String {
      value == value.rounded() && value.magnitude < 1e15 ? "\(Int(value))" : "\(value)"
    }
    func place(_ position: PhysicalPosition) -> String {
      let parts = [position.x / scale.x, position.y / scale.y, position.z / scale.z]
      return "\"[" + parts.map(number).joined(separator: ", ") + "]\""
    }
    func quoted(_ text: String) -> String {
      text.contains { ",\"\n\r\t".contains($0) }
        ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
    var lines = [columns.joined(separator: ",")]
    for (index, synapse) in synapses.enumerated() {
      var fields = [String(synapse.id ?? UInt64(index + 1))]
      fields += [synapse.pre, synapse.post, synapse.middle].map(place)
      fields += [synapse.preSupervoxelID, synapse.postSupervoxelID].map { id in
        id.map { String($0) } ?? ""
      }
      fields += [synapse.size, synapse.score].map { $0.map(number) ?? "" }
      fields += [synapse.method, synapse.model].map { $0.map(quoted) ?? "" }
      lines.append(fields.joined(separator: ","))
    }
    return Array((lines.joined(separator: "\n") + "\n").utf8)
  }
}

extension Synapse {
  /// The middle: where it is said to be, else halfway between the sides.
  public var middle: PhysicalPosition {
    center
      ?? PhysicalPosition(
        z: (pre.z + post.z) / 2, y: (pre.y + post.y) / 2, x: (pre.x + post.x) / 2)
  }
}
