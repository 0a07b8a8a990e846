public import Codecs
public import Voxels

/// Where something is: any label, or labels of a list, of the objects or of a further label volume
/// such as synapses or mitochondria.
public struct MaskTarget: TrainingTarget {
  /// `mask`.
  public static let name = "mask"

  private let selection: LabelSelection

  /// Reads `labels` (a further label volume; the objects when left out) and `ids` (every label but
  /// 0 when left out).
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    selection = try LabelSelection(&settings)
  }

  /// One.
  public var channels: Int { 1 }

  /// The further label volume, where one is named.
  public var labelNames: [String] { selection.labelNames }

  /// None.
  public func halo(for voxelSize: VoxelSize) -> VoxelExtent { .zero }

  /// Makes the mask of a box: 1 where a chosen label is.
  public func make(
    from sample: TrainingSample, in box: VoxelBox
  ) -> (values: Volume<Float>, weights: Volume<Float>) {
    let labels = selection.labels(of: sample).cropped(to: box)
    return (
      labels.mapped { selection.contains($0) ? 1 : 0 },
      sample.mask.cropped(to: box).mapped { $0 == 0 ? 0 : 1 }
    )
  }
}

/// Labels of one of a sample's label volumes.
struct LabelSelection: Hashable, Sendable {
  /// The further label volume; nil for the objects.
  let name: String?
  /// The labels chosen; nil for every label but 0.
  private let ids: Set<UInt64>?

  /// Reads `labels` and `ids`.
  init(_ settings: inout SettingsReader) throws(SettingsError) {
    name = try settings.text("labels")
    let given = settings.has("ids")
    let list = try settings.list("ids")
    if !given { settings.complete("ids", with: .null) }
    var ids: Set<UInt64> = []
    for value in list {
      let id: UInt64? =
        switch value {
        case .integer(let number): UInt64(exactly: number)
        case .unsigned(let number): number
        case .string(let text): UInt64(text)
        default: nil
        }
      guard let id, id != 0 else {
        throw SettingsError(
          settings.key(of: "ids"), "cannot be understood", found: value.shortText,
          expected: "labels above 0")
      }
      ids.insert(id)
    }
    guard !given || !ids.isEmpty else {
      throw SettingsError(settings.key(of: "ids"), "is empty", remedy: "leave it out for any label")
    }
    self.ids = given ? ids : nil
  }

  var labelNames: [String] { name.map { [$0] } ?? [] }

  func contains(_ label: UInt64) -> Bool { ids?.contains(label) ?? (label != 0) }

  func labels(of sample: TrainingSample) -> Volume<UInt64> {
    guard let name else { return sample.labels }
    guard let labels = sample.furtherLabels[name] else {
      preconditionFailure("the sample lacks the labels \(name)")
    }
    return labels
  }
}
