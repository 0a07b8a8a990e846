public import CommandLineInterface
public import Networks
import Tensors
import Voxels

/// The options of every command that runs a network over a volume.
struct PredictionOptions {
  /// How grey values become the network's input.
  enum Normalization: String, CaseIterable, ArgumentValue {
    case model, volume, section
  }

  /// How exactly the network computes.
  enum NetworkPrecision: String, CaseIterable, ArgumentValue {
    case float32
    case nearFloat32 = "near-float32"
    case bfloat16

    var precision: Precision {
      switch self {
      case .float32: .float32
      case .nearFloat32: .nearFloat32
      case .bfloat16: .bfloat16
      }
    }

    init(_ precision: Precision) {
      self =
        switch precision {
        case .float32: .float32
        case .nearFloat32: .nearFloat32
        case .bfloat16: .bfloat16
        }
    }
  }

  var patch: ExtentArgument?
  var margin: MarginArgument?
  var blending = Blending.crop
  var border = BorderContext.mirror
  var augmentation = TestTimeAugmentation.none
  var ensemble = AnswerEnsemble.mean
  var normalization = Normalization.model
  var mask: String?
  var precision = NetworkPrecision.float32

  /// What is asked of the patches.
  var tiling: Tiling {
    Tiling(
      patch: patch?.extent, margin: margin?.extent, blending: blending, border: border,
      augmentation: augmentation)
  }

  /// Opens the mask, where there is one.
  func openMask(_ context: CommandContext) throws -> InputVolume? {
    try mask.map { try SourceOptions().open($0, context: context) }
  }

  /// What tells predictions with these options from others, one word each.
  ///
  /// - Parameter mask: What identifies the mask.
  /// - Returns: The words.
  func description(mask: String?) -> String {
    [
      patch?.extent.text ?? "-", margin?.extent.text ?? "-", blending.rawValue, border.rawValue,
      augmentation.rawValue, ensemble.rawValue, normalization.rawValue, precision.rawValue,
      mask ?? "-",
    ].joined(separator: " ")
  }

  static let arguments: [Argument<PredictionOptions>] = [
    .option("--patch", \.patch, "Patch size; the model's own, or a fitting one, when left out."),
    .option(
      "--margin", \.margin,
      "Voxels thrown away at each face of a patch; at most \(Tiling.standardMargin) when left out."),
    .option(
      "--blend", \.blending,
      "How neighbouring patches meet: each voxel from one patch (crop), or weights that rise over "
        + "8 voxels (linear) or the whole patch (bump)."),
    .option(
      "--border", \.border,
      "What the network sees past the volume's faces: its mirror image, or its own padding."),
    .option(
      "--test-time-augmentation", \.augmentation,
      "Show the network every patch also mirrored along y and x (4 runs), along all axes (8), "
        + "turned in y and x too (16), or in all ways (48)."),
    .option(
      "--ensemble", \.ensemble, "What the answers to the augmented patches become."),
    .option(
      "--normalize", \.normalization,
      "How grey values become the input: as the model says, or from the mean and standard "
        + "deviation of the volume or of each section."),
    .option(
      "--mask", \.mask, placeholder: "M",
      "A volume of whole numbers, 0 where nothing is to be predicted; patches without tissue are "
        + "not run."),
    .option(
      "--precision", \.precision,
      "How exactly the network computes, at least; the fastest such way on the processor is used."),
  ]
}

extension Blending: ArgumentValue {}
extension BorderContext: ArgumentValue {}
extension TestTimeAugmentation: ArgumentValue {}
extension AnswerEnsemble: ArgumentValue {}

/// A z,y,x triple of whole numbers from zero, such as a margin.
struct MarginArgument: ArgumentValue {
  var extent: VoxelExtent

  init(_ extent: VoxelExtent) { self.extent = extent }

  init?(argument: String) {
    guard let values = triple(argument, { Int($0) }), values.allSatisfy({ (0...1024).contains($0) })
    else { return nil }
    extent = VoxelExtent(z: values[0], y: values[1], x: values[2])
  }

  var argumentText: String? { extent.text }
  static var expectation: String { "three whole numbers from 0 to 1024, z,y,x" }
  static var placeholder: String { "Z,Y,X" }
}
