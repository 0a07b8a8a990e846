import CommandLineInterface
import FloodFilling
import VolumeStore
import Voxels

/// Where objects may lie, as options.
struct FloodDomainOptions {
  var mask: String?
  var uncertain: String?
  var band = AffinityBand(0.2...0.8)
  var reach = MarginArgument(VoxelExtent(cube: 8))

  static let arguments: [Argument<FloodDomainOptions>] = [
    .option(
      "--mask", \.mask, placeholder: "M",
      "A volume of whole numbers: objects lie only where it is not 0."),
    .option(
      "--only-uncertain", \.uncertain, placeholder: "P",
      "A project, or its affinities: objects lie only where they leave it open what belongs "
        + "together."),
    .option(
      "--uncertain-band", \.band, "The least affinity of a voxel that counts as uncertain."),
    .option(
      "--uncertain-reach", \.reach, "How far around uncertain voxels objects may lie as well."),
  ]

  /// Opens what says where objects may lie.
  ///
  /// - Throws: What opening the volumes throws; `UsageError` where they do not cover the image.
  func prepared(over extent: VoxelExtent, context: CommandContext) throws -> FloodDomain {
    var domain = FloodDomain(band: band.range, reach: reach.extent)
    var words: [String] = []
    if let mask {
      let input = try SourceOptions().open(mask, context: context)
      domain.mask = try MaskVolume(input.reader, over: extent)
      words.append("mask \(input.identity)")
    }
    if let uncertain {
      let path = ProjectFolder.found(at: uncertain)?.affinities ?? uncertain
      let affinities = try AffinityVolume.open(path)
      guard affinities.reader.metadata.extent == extent else {
        throw UsageError(
          "--only-uncertain", "the affinities are of another volume",
          found: "\(affinities.reader.metadata.extent.text) voxels", expected: extent.text)
      }
      domain.affinities = affinities
      words.append("uncertain \(affinities.identity) \(band.text) \(reach.extent.text)")
    }
    domain.text = words.isEmpty ? "everywhere" : words.joined(separator: " ")
    return domain
  }
}

/// Where objects may lie.
struct FloodDomain: Sendable {
  fileprivate var mask: MaskVolume?
  fileprivate var affinities: AffinityVolume?
  fileprivate let band: ClosedRange<Double>
  fileprivate let reach: VoxelExtent
  /// What tells this domain from others.
  fileprivate(set) var text = "everywhere"

  fileprivate init(band: ClosedRange<Double>, reach: VoxelExtent) {
    self.band = band
    self.reach = reach
  }

  /// The bytes that each voxel takes while the domain is computed, and afterwards.
  var bytesPerVoxel: Int { (mask == nil ? 0 : 2) + (affinities == nil ? 0 : 18) }

  /// 1 where objects may lie within a box; nil for everywhere.
  func marks(over box: VoxelBox) throws -> Volume<UInt8>? {
    var marks = try mask?.fullMarks(over: box)
    guard let reader = affinities?.reader else { return marks }
    let wide = box.grown(by: reach).intersection(reader.metadata.box)
    var values = try reader.readConverting(wide, to: Float.self)
    if reader.metadata.dataType == .uint8 {
      var span = values.mutableSpan
      for index in span.indices { span[index] /= 255 }
    }
    let uncertain = uncertainRegion(
      of: values, band: Float(band.lowerBound)...Float(band.upperBound), reach: reach
    ).cropped(to: box)
    guard marks != nil else { return uncertain }
    let open = uncertain.span
    marks?.withMutableValues { values in
      for index in values.indices where open[index] == 0 { values[index] = 0 }
    }
    return marks
  }
}

extension Volume {
  /// Changes all values in place.
  fileprivate mutating func withMutableValues(_ body: (inout MutableSpan<Scalar>) -> Void) {
    var values = mutableSpan
    body(&values)
  }
}

/// A range of affinities, `low:high`.
struct AffinityBand: ArgumentValue {
  let range: ClosedRange<Double>

  init(_ range: ClosedRange<Double>) { self.range = range }

  init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Double($0) }
    guard parts.count == 2, numbers.count == 2, numbers[0] >= 0, numbers[0] <= numbers[1],
      numbers[1] <= 1
    else { return nil }
    range = numbers[0]...numbers[1]
  }

  var text: String { "\(range.lowerBound):\(range.upperBound)" }
  var argumentText: String? { text }
  static var expectation: String { "two numbers from 0 to 1, low:high" }
  static var placeholder: String { "LOW:HIGH" }
}
