import Codecs
import FoundationEssentials
import Segmentation
import Voxels

/// What the merges in a graph folder were made from, and how.
struct MergeDescription: Hashable, Codable {
  private(set) var format = Self.format
  /// What ranks contacts, as ``Segmentation/ContactScore`` reads it.
  var score: String
  var sizeVeto: SizeVeto?
  var classVeto: ClassVeto?
  /// What identifies the volumes.
  var fragments: String
  var affinities: String
  var classes: String?
  var extent: [Int]
  var voxelSize: VoxelSize
  /// Where the first voxel lies.
  var offset: PhysicalPosition

  private static let format = "fascicle merges 2"

  /// What decides the merges, in words that others never have.
  var identity: String {
    """
    method=agglomeration 2
    score=\(score)
    size veto=\(sizeVeto.map { "\($0.affinity),\($0.smallerVoxels),\($0.totalVoxels)" } ?? "none")
    class veto=\(classVeto.map { "\($0.affinity),\($0.classVoxels),\($0.dominance)" } ?? "none")
    fragments=\(fragments)
    affinities=\(affinities)
    classes=\(classes ?? "none")
    """
  }

  /// The volume.
  var volume: VoxelBox {
    VoxelBox(extent: VoxelExtent(z: extent[0], y: extent[1], x: extent[2]))
  }

  /// The rules, or nil where the score is none.
  func rules(maximumCost: Double) -> AgglomerationRules? {
    ContactScore(text: score).map {
      AgglomerationRules(
        score: $0, maximumCost: maximumCost, sizeVeto: sizeVeto, classVeto: classVeto)
    }
  }

  /// The description as JSON text, the same for equal ones.
  var encoded: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(self))
    }
  }

  /// Reads a description; nil where it is none, or of another version.
  init?(decoding text: [UInt8]) {
    guard let found = try? JSONDecoder().decode(Self.self, from: Data(text)),
      found.format == Self.format, found.extent.count == 3, found.extent.allSatisfy({ $0 > 0 }),
      ContactScore(text: found.score) != nil
    else { return nil }
    self = found
  }

  init(
    score: ContactScore, sizeVeto: SizeVeto?, classVeto: ClassVeto?, fragments: String,
    affinities: String, classes: String?, extent: VoxelExtent, voxelSize: VoxelSize,
    offset: PhysicalPosition
  ) {
    self.score = score.text
    self.sizeVeto = sizeVeto
    self.classVeto = classVeto
    self.fragments = fragments
    self.affinities = affinities
    self.classes = classes
    self.extent = [extent.z, extent.y, extent.x]
    self.voxelSize = voxelSize
    self.offset = offset
  }
}

extension ContactScore {
  /// The score in one or two words.
  var text: String {
    switch self {
    case .mean: "mean"
    case .maximum: "maximum"
    case .quantile(let level): "quantile \(shortText(level.share))"
    }
  }

  /// Reads what ``text`` wrote.
  init?(text: String) {
    switch text {
    case "mean": self = .mean
    case "maximum": self = .maximum
    default:
      let words = text.split(separator: " ")
      guard words.count == 2, words[0] == "quantile",
        let level = Double(words[1]).flatMap({ QuantileLevel($0) })
      else { return nil }
      self = .quantile(level)
    }
  }
}
