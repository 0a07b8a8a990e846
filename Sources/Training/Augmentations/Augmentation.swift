public import Codecs
public import Voxels

/// A random change of training samples that keeps image and annotations true to each other.
public protocol Augmentation: Sendable {
  /// What a configuration calls it.
  static var name: String { get }
  /// Reads the probability and ranges from a configuration.
  init(_ settings: inout SettingsReader) throws(SettingsError)
  /// Draws what happens to one sample; nil where it is left alone.
  ///
  /// - Parameters:
  ///   - extent: The size of the sample after the change.
  ///   - voxelSize: The size of one voxel.
  ///   - generator: The only source of chance.
  /// - Returns: The change, with all chance drawn.
  func draw(
    for extent: VoxelExtent, voxelSize: VoxelSize, using generator: inout SampleGenerator
  ) -> SampleChange?
}

/// Every augmentation, in the order in which manuals list them.
public let augmentationTypes: [any Augmentation.Type] = [
  Flips.self,
  AxisTurns.self,
  ElasticDeformation.self,
  ShiftedSections.self,
  MissingSections.self,
  LowContrastSections.self,
  IntensityChange.self,
  Blur.self,
  Noise.self,
]

/// What an augmentation does to one sample, all chance drawn.
public struct SampleChange {
  /// Whether voxels move, so that annotations follow.
  let movesVoxels: Bool
  /// The size that a sample needs to have before the change to have a size after it.
  let sourceExtent: (VoxelExtent) -> VoxelExtent
  /// Makes the change.
  let apply: (inout TrainingSample) -> Void

  /// Creates a change of grey values, which leaves annotations alone.
  public init(image change: @escaping (inout Volume<Float>) -> Void) {
    movesVoxels = false
    sourceExtent = { $0 }
    apply = { change(&$0.image) }
  }

  /// Creates a change that moves voxels.
  ///
  /// - Parameters:
  ///   - sourceExtent: The size before the change that gives a size after it; the margin is the
  ///     same on both sides of an axis.
  ///   - apply: Changes all volumes alike, and to the size that the change was drawn for.
  public init(
    sourceExtent: @escaping (VoxelExtent) -> VoxelExtent = { $0 },
    moving apply: @escaping (inout TrainingSample) -> Void
  ) {
    movesVoxels = true
    self.sourceExtent = sourceExtent
    self.apply = apply
  }
}

extension SettingsReader {
  /// The augmentations that a list of objects with a `name` each describes, in their order.
  ///
  /// - Throws: `SettingsError` for an unknown name, key or value.
  public mutating func augmentations(
    _ name: String = "augmentations"
  ) throws(SettingsError) -> [any Augmentation] {
    try members(name, of: augmentationTypes.map { ($0.name, $0) }) {
      (type, settings) throws(SettingsError) in try type.init(&settings)
    }
  }

  /// Reads a list of objects whose `name` chooses among kinds.
  mutating func members<Kind, Member>(
    _ name: String, of kinds: [(name: String, kind: Kind)],
    _ read: (Kind, inout SettingsReader) throws(SettingsError) -> Member
  ) throws(SettingsError) -> [Member] {
    var members: [Member] = []
    var completed: [JSONValue] = []
    for (index, value) in try list(name).enumerated() {
      var settings = try SettingsReader(value, path: "\(key(of: name))[\(index)]")
      let chosen = try settings.text("name", default: "")
      guard let kind = kinds.first(where: { $0.name == chosen })?.kind else {
        throw SettingsError(
          settings.key(of: "name"), "there is nothing of that name", found: "\"\(chosen)\"",
          expected: "one of \(kinds.map { $0.name }.joined(separator: ", "))",
          remedy: "correct the name")
      }
      members.append(try read(kind, &settings))
      try settings.finish()
      completed.append(.object(settings.completed))
    }
    complete(name, with: .array(completed))
    return members
  }
}
