import CommandLineInterface
import Connectomes
import ScannerImages
import StreamlineFormats
import VolumeStore

/// The command `tracts connectome`.
struct ConnectomeCommand: Command {
  var image: String?
  var gradients = GradientOptions()
  var tracking = TrackingOptions()
  var streamlines = ""
  var parcellations: [String] = []
  var labels: String?
  var assignment = AssignmentArgument.radial
  var radius: Double?
  var measures: [MeasureArgument] = []
  var weights: String?
  var coefficient = 1.0
  var custom = CustomMeasure()
  var shape = MatrixShape()
  var isVector = false
  var assignments: String?
  var output = ""
  var format: MatrixFormat?
  var replacing = false
  var resources = ResourceOptions()

  static let manual = Manual<Self>(
    "connectome",
    summary: "Count and measure the streamlines between the regions of parcellations.",
    discussion: """
      A matrix has a row and a column for every label from 1 to the largest; regions that no voxel \
      has, or no streamline reaches, are rows of 0. Values, and the digits they are printed with, \
      are those of MRtrix3's tck2connectome: only the upper triangle is filled without \
      --symmetric, streamlines that do not connect two regions are left out without \
      --keep-unassigned, and least and largest values are nan where there is no streamline.

      Any number of --parcellation and --measure make all their matrices in one pass over the \
      streamlines, which are never held in memory as a whole. With more than one matrix --output is \
      a folder, in which files are named by parcellation and measure. Beside each matrix a file of \
      the same name ending in .json tells the command, the version, digests of the inputs, the \
      nodes, the number of streamlines and the share of them that is unassigned.

      Measures: count (the sum of the weights where --weights are given), mean_length, sum_length, \
      min_length, max_length, sum_inverse_length, sum_inverse_node_volume (2 over the voxels of \
      both regions), sum_inverse_length_inverse_node_volume, density (count over the geometric mean \
      of the regions' volumes in mm³), fbc (the sum of the weights times --mu), and sum:, mean:, \
      min: or max: followed by a file: a list with a number for each streamline, or an image, which \
      is averaged along each streamline without a file in between. Another combination is made of \
      the --scale options and --statistic.

      Given a diffusion-weighted image in place of --streamlines, tensors are fitted and tracked as \
      tracts track does, and then counted, with seeds in --mask, or in the voxels that --seed-image or \
      else the first parcellation sets. The streamlines are kept as a .tck file beside the output.
      """,
    arguments: [
      .positional(
        "DWI", \.image, .optional,
        "A diffusion-weighted image to make the streamlines of."),
      .option(
        "--streamlines", \.streamlines, placeholder: "T",
        "The streamlines: .tck, .trk, .trx or .vtk; instead of an image."),
      .option(
        "--parcellation", \.parcellations, .required, placeholder: "N",
        "An image of labels; several may be given."),
      .option("--output", \.output, .required, placeholder: "M.csv", "The matrix, or a folder."),
      .option(
        "--format", \.format,
        "The format of matrices: csv as MRtrix3 writes it, txt with blanks, tsv with names, npy, "
          + "graphml, or edges, a list of connections. By the ending of --output when left out."),
      .option("--labels", \.labels, placeholder: "LUT", "A table that names the regions."),
      .flag("--force", \.replacing, "Replace outputs that are there."),
      .group(
        "Assignment", \.self,
        [
          .option(
            "--assignment", \.assignment,
            "radial: the labelled voxel centre nearest to an end; end-voxels: the voxel of an end; "
              + "reverse: the first labelled voxel from an end inwards; forward: one ahead of an "
              + "end; all-voxels: all regions under the vertices."),
          .option(
            "--radius", \.radius, placeholder: "MM", accepting: .ifGiven(.atLeast(0)),
            "How far to search: 4 mm for radial and no limit for reverse when left out; needed for "
              + "forward."),
          .option(
            "--assignments", \.assignments, placeholder: "F",
            "Write the regions of each streamline; a folder with several parcellations."),
        ]),
      .group(
        "Measures", \.self,
        [
          .option("--measure", \.measures, "What to measure: count when left out."),
          .option(
            "--weights", \.weights, placeholder: "F",
            "A text file with a weight for each streamline, as of SIFT2."),
          .option(
            "--mu", \.coefficient, placeholder: "X", accepting: .above(0),
            "The proportionality coefficient that fbc is multiplied by."),
        ]),
      .group("A measure of your own", \.custom, CustomMeasure.arguments),
      .group(
        "Matrix", \.self,
        [
          .flag("--symmetric", \.shape.isSymmetric, "Fill the lower triangle too."),
          .flag("--zero-diagonal", \.shape.hasZeroDiagonal, "Leave the diagonal at 0."),
          .flag(
            "--keep-unassigned", \.shape.keepsUnassigned,
            "Put what reaches no region into the first row and column."),
          .flag(
            "--vector", \.isVector,
            "One value for each region: of the streamlines whose last point reaches it."),
        ]),
      .group("Gradients of the image", \.gradients, GradientOptions.arguments),
      .group("Tracking in the image", \.tracking, TrackingOptions.arguments),
      .group("Resources", \.resources, Array(ResourceOptions.arguments.dropFirst())),
    ],
    examples: [
      Example(
        "tracts connectome --streamlines tracks.tck --parcellation nodes.nii.gz --output M.csv",
        "Count streamlines, as tck2connectome does."),
      Example(
        "tracts connectome --streamlines tracks.tck --parcellation dk.nii.gz --parcellation "
          + "schaefer.nii.gz --measure count --measure mean_length --measure mean:FA.nii.gz "
          + "--symmetric --output matrices",
        "Six matrices in one pass."),
      Example(
        "tracts connectome dwi.nii.gz --bvec dwi.bvec --bval dwi.bval --mask mask.nii.gz "
          + "--parcellation nodes.nii.gz --select 100000 --output M.csv",
        "The whole chain: fit tensors, follow streamlines, count them."),
    ],
    references: ["Smith et al. 2015, doi:10.1016/j.neuroimage.2014.10.004"])

  func run(_ context: CommandContext) throws {
    guard let image else {
      guard !streamlines.isEmpty else {
        throw UsageError(
          "--streamlines", "there is nothing to count", expected: "streamlines, or an image")
      }
      return try ConnectomeRun(self, context).run()
    }
    guard streamlines.isEmpty, weights == nil else {
      throw UsageError(
        streamlines.isEmpty ? "--weights" : "--streamlines",
        "streamlines are made of the image", found: image,
        expected: "an image, or streamlines and what belongs to them")
    }
    var counting = self
    counting.streamlines = OutputName.tractogram(beside: output)
    var options = tracking
    if options.mask == nil, options.seedImage == nil, options.seedSphere == nil {
      options.seedImage = parcellations.first
    }
    let making = StreamlineTracking(
      image: image, gradients: gradients, tracking: options, output: counting.streamlines,
      replacing: replacing, threads: resources.threads)
    try ConnectomeRun(counting, context).run { _ = try making.run(context) }
  }
}

/// A measure put together from the options that tck2connectome has.
struct CustomMeasure {
  var isByLength = false
  var isByInverseLength = false
  var isByInverseNodeVolume = false
  var file: String?
  var statistic: EdgeMeasure.Statistic?

  /// Whether any option is given.
  var isGiven: Bool {
    isByLength || isByInverseLength || isByInverseNodeVolume || file != nil || statistic != nil
  }

  /// The name, such as `mean_length`.
  var name: String {
    var parts = [(statistic ?? .sum).rawValue]
    if isByLength { parts.append("length") }
    if isByInverseLength { parts.append("invlength") }
    if isByInverseNodeVolume { parts.append("invnodevol") }
    if let file { parts.append(OutputName.stem(of: file)) }
    return parts.joined(separator: "_")
  }

  static let arguments: [Argument<CustomMeasure>] = [
    .flag("--scale-length", \.isByLength, "Multiply contributions by the length in mm."),
    .flag("--scale-invlength", \.isByInverseLength, "Multiply them by one over the length."),
    .flag(
      "--scale-invnodevol", \.isByInverseNodeVolume,
      "Divide them by the mean number of voxels of the regions."),
    .option(
      "--scale-file", \.file, placeholder: "F",
      "Multiply them by the numbers of a file, or the mean of an image along the streamline."),
    .option("--statistic", \.statistic, "How they become one value: sum when left out."),
  ]
}
