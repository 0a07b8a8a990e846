import CommandLineInterface
import Connectomes
import ScannerImages
import StreamlineFormats
import Tractography
import VolumeStore

/// The command `tracts filter`.
struct FilterCommand: Command {
  var source = ""
  var output = ""
  var included = RegionList()
  var includedInOrder = RegionList()
  var excluded = RegionList()
  var masks = RegionList()
  var testsEndsOnly = false
  var isInverse = false
  var leastLength: Double?
  var greatestLength: Double?
  var weights: String?
  var weightsOutput: String?
  var leastWeight: Double?
  var greatestWeight: Double?
  var number: Int?
  var skipped = 0
  var writing = StreamlineOutputOptions()
  var resources = ResourceOptions()

  static let manual = Manual<Self>(
    "filter",
    summary: "Keep some streamlines, by the regions they enter, their length or their weight.",
    discussion: """
      A streamline is kept if it passes every test, as with MRtrix3's tckedit. Regions are entered by \
      vertices, not by what lies between them: the region must not be much smaller than a step. \
      --mask leaves out vertices, and cuts streamlines into pieces of two vertices or more, all of \
      which are kept. Lengths may miss their bounds by a tenth of the step that the file states, \
      because their last digits are rounded.

      Streamlines are read and written some at a time. Values for streamlines and points, and groups, \
      go along where the format has them.
      """,
    arguments: [
      .positional("SOURCE", \.source, "The streamlines: .tck, .trk, .trx (a folder too) or .vtk."),
      .positional("OUTPUT", \.output, "The file to write: .tck, .trk or .trx."),
      .group(
        "Regions", \.self,
        [
          .option("--include", \.included, "Enter this region; several must all be entered."),
          .option(
            "--include-ordered", \.includedInOrder,
            "Enter these regions in the order in which they are given."),
          .option("--exclude", \.excluded, "Do not enter this region; several may be given."),
          .option("--mask", \.masks, "Leave out vertices outside; several are taken together."),
          .flag("--ends-only", \.testsEndsOnly, "Let only the two ends enter regions."),
        ]),
      .group(
        "Lengths and weights", \.self,
        [
          .option(
            "--min-length", \.leastLength, placeholder: "MM", accepting: .ifGiven(.atLeast(0)),
            "The least length."),
          .option(
            "--max-length", \.greatestLength, placeholder: "MM", accepting: .ifGiven(.atLeast(0)),
            "The greatest length."),
          .option(
            "--weights", \.weights, placeholder: "F",
            "A text file with a weight for each streamline, as of SIFT2."),
          .option(
            "--min-weight", \.leastWeight, accepting: .ifGiven(.atLeast(0)), "The least weight."),
          .option(
            "--max-weight", \.greatestWeight, accepting: .ifGiven(.atLeast(0)),
            "The greatest weight."),
          .option(
            "--weights-output", \.weightsOutput, placeholder: "F",
            "Write the weights of what is kept, one in a line."),
        ]),
      .group(
        "Selection", \.self,
        [
          .option(
            "--number", \.number, placeholder: "N", accepting: .ifGiven(.atLeast(1)),
            "Keep this many, the first ones."),
          .option(
            "--skip", \.skipped, placeholder: "N", accepting: .atLeast(0),
            "Leave out so many of those that pass before the first one that is kept."),
          .flag(
            "--inverse", \.isInverse,
            "Keep what fails a test, and of that the vertices outside --mask."),
        ]),
      .group("Output", \.writing, StreamlineOutputOptions.arguments),
      .group("Resources", \.resources, Array(ResourceOptions.arguments.dropFirst())),
    ],
    examples: [
      Example(
        "tracts filter tracks.tck motor.tck --include precentral.nii.gz --include stem.nii.gz "
          + "--exclude midline.nii.gz",
        "Keep streamlines that pass both regions and not the third."),
      Example(
        "tracts filter tracks.trx few.trx --number 1000 --min-length 20",
        "Keep the first thousand of at least 20 mm."),
    ],
    references: ["Tournier et al. 2019, doi:10.1016/j.neuroimage.2019.116137"])

  func run(_ context: CommandContext) throws {
    guard weights != nil || (leastWeight == nil && greatestWeight == nil && weightsOutput == nil)
    else {
      throw UsageError(
        "--weights", "there are no weights", expected: "a file with a weight for each streamline")
    }
    try FilterRun(self, context).run()
  }
}
