import Codecs
import Voxels

/// How labels are thinned before a target is made of them, so that touching objects part.
struct LabelErosion: Hashable, Sendable {
  /// The axes along which objects are thinned.
  enum Axes: String {
    /// Within sections, and across them where voxels are cubic.
    case automatic
    case zyx
    case yx
  }

  /// The voxels taken off each object.
  let steps: Int
  let axes: Axes

  /// Reads the steps and, under the key with `_axes` added, the axes.
  init(
    _ name: String, default steps: Int, in range: ClosedRange<Int> = 0...64,
    _ settings: inout SettingsReader
  ) throws(SettingsError) {
    self.steps = try settings.int(name, default: steps, in: range)
    let word = try settings.word(
      "\(name)_axes", among: ["automatic", "zyx", "yx"], default: Axes.automatic.rawValue)
    axes = Axes(rawValue: word) ?? .automatic
  }

  /// How far the labels that decide about a voxel may lie from it.
  func halo(for voxelSize: VoxelSize) -> VoxelExtent {
    VoxelExtent(z: crossesSections(voxelSize) ? steps : 0, y: steps, x: steps)
  }

  /// The labels less the outermost voxels of every object, which become 0.
  ///
  /// A voxel stays where all face neighbours have its label; the volume's faces take nothing off.
  /// Source: the boundaries of gunpowder's `GrowBoundary`.
  func thinned(_ labels: Volume<UInt64>, voxelSize: VoxelSize) -> Volume<UInt64> {
    repeated(labels, voxelSize: voxelSize)
  }

  /// The annotated voxels whose whole neighbourhood is annotated.
  func known(_ mask: Volume<UInt8>, voxelSize: VoxelSize) -> Volume<UInt8> {
    guard steps > 0, !mask.isFilled else { return mask }
    var flags = mask
    var span = flags.mutableSpan
    for index in span.indices where span[index] != 0 { span[index] = 1 }
    return repeated(flags, voxelSize: voxelSize)
  }

  private func crossesSections(_ voxelSize: VoxelSize) -> Bool {
    switch axes {
    case .automatic: voxelSize.isCubic
    case .zyx: true
    case .yx: false
    }
  }

  private func repeated<Scalar: VoxelScalar>(
    _ volume: Volume<Scalar>, voxelSize: VoxelSize
  ) -> Volume<Scalar> {
    var result = volume
    for _ in 0..<steps {
      result = thinnedOnce(result, acrossSections: crossesSections(voxelSize))
    }
    return result
  }

  private func thinnedOnce<Scalar: VoxelScalar>(
    _ volume: Volume<Scalar>, acrossSections: Bool
  ) -> Volume<Scalar> {
    let extent = volume.extent
    var result = volume
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        var neighbours = [(z, max(y - 1, 0)), (z, min(y + 1, extent.y - 1))]
        if acrossSections {
          neighbours += [(max(z - 1, 0), y), (min(z + 1, extent.z - 1), y)]
        }
        let row = volume.row(z: z, y: y)
        var kept = result.mutableRow(z: z, y: y)
        for (z, y) in neighbours {
          let other = volume.row(z: z, y: y)
          for x in row.indices where row[x] != other[x] { kept[x] = .zero }
        }
        for x in 1..<max(row.count, 1) where row[x] != row[x - 1] {
          kept[x] = .zero
          kept[x - 1] = .zero
        }
      }
    }
    return result
  }
}

extension Volume {
  /// Whether no value is zero.
  var isFilled: Bool {
    let values = span
    for index in values.indices where values[index] == .zero { return false }
    return true
  }
}
