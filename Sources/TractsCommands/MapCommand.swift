public import CommandLineInterface
import StreamlineFormats
public import Tractography
import VolumeStore

/// The command `tracts map`.
struct MapCommand: Command {
  /// What a streamline counts.
  enum Contrast: String, CaseIterable, ArgumentValue {
    case tdi, length, invlength
    case scalarMap = "scalar-map"
    case scalarMapCount = "scalar-map-count"
    case vectorFile = "vector-file"

    /// Whether it is taken from an image.
    var needsImage: Bool { self == .scalarMap || self == .scalarMapCount }
  }

  var source = ""
  var output = ""
  var template: String?
  var voxelSize: VoxelEdges?
  var contrast = Contrast.tdi
  var image: String?
  var values: String?
  var statistic = DensityMap.Statistic.sum
  var alongStatistic = AlongStatistic.mean
  var isColoured = false
  var mapsEndsOnly = false
  var isPrecise = false
  var upsampling: Int?
  var mapsZero = false
  var weights: String?
  var replacing = false
  var resources = ResourceOptions()

  static let manual = Manual<Self>(
    "map",
    summary: "Make an image of how many streamlines pass each voxel.",
    discussion: """
      Voxels, values and rules are those of MRtrix3's tckmap. A streamline passes the voxels of its \
      points, of which there are first made so many that steps are shorter than a third of a voxel \
      (if the file states a step); each voxel counts once. With --precise it counts the length in mm \
      within each voxel, with --ends-only the voxels of the two ends. --colour makes three volumes: \
      the directions along the scanner's axes, as long as the density.

      What a streamline counts, its --contrast: 1 (tdi), its length, one over its length, the \
      values of an image under its points (scalar-map), whether there are any (scalar-map-count), or \
      a number of its own in a file (vector-file). --statistic makes one value of the streamlines in \
      a voxel, --along-statistic one of the image's values along a streamline.

      Counts are stored as uint32, everything else as float32. The whole image is held in memory, \
      four bytes for each voxel and value.
      """,
    arguments: [
      .positional("SOURCE", \.source, "The streamlines: .tck, .trk, .trx (a folder too) or .vtk."),
      .positional("OUTPUT", \.output, "The image: .nii, .nii.gz, .mif or .mif.gz."),
      .option(
        "--template", \.template, placeholder: "IMAGE", "An image whose voxels are to be taken."),
      .option(
        "--voxel-size", \.voxelSize,
        "The edges of voxels in mm: of the template, divided anew; or of a box around the "
          + "streamlines."),
      .group(
        "What counts", \.self,
        [
          .option("--contrast", \.contrast, "What a streamline counts."),
          .option("--image", \.image, placeholder: "IMAGE", "The image of scalar-map."),
          .option("--values", \.values, placeholder: "F", "The numbers of vector-file."),
          .option("--statistic", \.statistic, "What is made of the streamlines in a voxel."),
          .option(
            "--along-statistic", \.alongStatistic,
            "What is made of an image's values along a streamline."),
          .option(
            "--weights", \.weights, placeholder: "F",
            "A text file with a weight for each streamline, as of SIFT2."),
          .flag(
            "--map-zero", \.mapsZero,
            "Let streamlines that count 0 take part in means."),
        ]),
      .group(
        "Where it counts", \.self,
        [
          .flag("--colour", \.isColoured, "Make an image coloured by direction."),
          .flag("--ends-only", \.mapsEndsOnly, "Map only the two ends."),
          .flag("--precise", \.isPrecise, "Map the length within each voxel."),
          .option(
            "--upsample", \.upsampling, placeholder: "N", accepting: .ifGiven(.from(1...1000)),
            "Make N times as many points, whatever the step."),
        ]),
      .flag("--force", \.replacing, "Replace an image that is there."),
      .group("Resources", \.resources, Array(ResourceOptions.arguments.dropFirst())),
    ],
    examples: [
      Example(
        "tracts map tracks.tck density.nii.gz --template FA.nii.gz",
        "Count streamlines in the voxels of an image."),
      Example(
        "tracts map tracks.tck colours.mif --voxel-size 0.5 --colour",
        "Colour by direction, in voxels of half a millimetre."),
    ],
    references: [
      "Calamante et al. 2010, doi:10.1016/j.neuroimage.2010.07.024",
      "Calamante et al. 2012, doi:10.1016/j.neuroimage.2011.11.098",
    ])

  func run(_ context: CommandContext) throws {
    guard template != nil || voxelSize != nil else {
      throw UsageError(
        "--template", "the voxels are not known", expected: "an image, or --voxel-size")
    }
    guard !(isPrecise && mapsEndsOnly) else {
      throw UsageError(
        "--precise", "ends have no length within a voxel", found: "--ends-only",
        remedy: "leave one of them out")
    }
    guard contrast.needsImage == (image != nil) else {
      throw UsageError(
        "--image", "the contrast \(contrast.rawValue) and an image do not fit together",
        expected: "--image with scalar-map and scalar-map-count, and only with them")
    }
    guard (contrast == .vectorFile) == (values != nil) else {
      throw UsageError(
        "--values", "the contrast \(contrast.rawValue) and values do not fit together",
        expected: "--values with vector-file, and only with it")
    }
    guard contrast != .tdi || statistic == .sum || statistic == .mean else {
      throw UsageError(
        "--statistic", "every streamline counts 1", found: statistic.rawValue,
        expected: "sum or mean, or another contrast")
    }
    guard upsampling == nil || !mapsEndsOnly else {
      throw UsageError("--upsample", "the ends stay where they are", found: "--ends-only")
    }
    try WholeFile.checkFree(output, replacing: replacing)
    try MapRun(self, context).run()
  }
}

extension DensityMap.Statistic: ArgumentValue {}

/// The edges of voxels: one for all axes, or three.
struct VoxelEdges: ArgumentValue {
  let edges: SIMD3<Double>

  init?(argument: String) {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false)
      .compactMap { Double(String($0)) }
    guard numbers.count == 1 || numbers.count == 3,
      numbers.count == argument.split(separator: ",", omittingEmptySubsequences: false).count,
      numbers.allSatisfy({ $0 > 0 && $0.isFinite })
    else { return nil }
    edges =
      numbers.count == 1 ? SIMD3(repeating: numbers[0]) : SIMD3(numbers[0], numbers[1], numbers[2])
  }

  var argumentText: String? { "\(edges.x),\(edges.y),\(edges.z)" }
  static let expectation = "one number of mm, or three with commas"
  static let placeholder = "MM[,MM,MM]"
}

/// How the values of an image along a streamline become one.
enum AlongStatistic: String, CaseIterable, ArgumentValue {
  case sum, min, mean, max, median
  case nonzeroMean = "mean-nonzero"
  case endsMin = "ends-min"
  case endsMean = "ends-mean"
  case endsMax = "ends-max"
  case endsProduct = "ends-prod"

  /// Whether only the ends count.
  var isOfEnds: Bool {
    switch self {
    case .endsMin, .endsMean, .endsMax, .endsProduct: true
    default: false
    }
  }
}
