import CommandLineInterface
import Connectomes
import Drawing
import ScannerImages
import StreamlineFormats
import VolumeStore

/// The command `tracts plot streamlines`.
struct PlotStreamlinesCommand: Command {
  var source = ""
  var background = ""
  var place: PointArgument?
  var thickness = 6.0
  var number = 4000
  var plot = PlotOptions()

  static let manual = Manual<Self>(
    "plot streamlines",
    summary: "Draw streamlines in three planes over an image, coloured by direction.",
    discussion: """
      A sagittal, a coronal and an axial slice of the image, and the parts of streamlines that lie \
      within --thickness of each: red runs to the right or left, green to the front or back, blue \
      upwards or downwards. The left side of the subject is on the left. Of many streamlines only \
      so many as --number says are drawn, at equal distances in the file.
      """,
    arguments: [
      .positional("SOURCE", \.source, "The streamlines: .tck, .trk, .trx (a folder too) or .vtk."),
      .option(
        "--background", \.background, .required, placeholder: "IMAGE",
        "The image that lies below, such as FA."),
      .option(
        "--at", \.place, "Where the planes cross; in the middle of the streamlines when left out."),
      .option(
        "--thickness", \.thickness, placeholder: "MM", accepting: .above(0),
        "How thick the slabs of streamlines are; 1000 draws all of them."),
      .option("--number", \.number, accepting: .atLeast(1), "The most streamlines that are drawn."),
      .group("Picture", \.plot, PlotOptions.arguments),
    ],
    examples: [
      Example(
        "tracts plot streamlines tracks.tck --background FA.nii.gz --output tracks.png",
        "See where streamlines run.")
    ])

  func run(_ context: CommandContext) throws {
    let format = try plot.format()
    let image = try ScannerImage(background)
    let slices = BackgroundSlices(try image.volume(), grid: try image.grid())
    let sample = try StreamlineSample(source, number: number, context)
    let centre = place?.point ?? sample.middle
    guard centre.x.isFinite else {
      throw VolumeError(
        .dataTypeMismatch, path: source, "there are no points to draw",
        remedy: "give streamlines, or the place of the planes with --at")
    }
    let panels = SlicePlane.allCases.map { plane in
      slices.panel(plane, at: centre, lines: sample.parts(near: plane, centre, thickness))
    }
    let picture = StreamlinePicture(title: plot.title ?? "", panels: panels)
    try plot.write { () throws(DrawingError) in
      try picture.drawn(as: format, width: plot.width)
    }
  }
}

/// A point in scanner mm, as it is written on the command line.
struct PointArgument: ArgumentValue {
  let point: SIMD3<Double>

  init?(argument: String) {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false)
      .map { Double(String($0)) }
    guard numbers.count == 3, let x = numbers[0], let y = numbers[1], let z = numbers[2],
      x.isFinite, y.isFinite, z.isFinite
    else { return nil }
    point = SIMD3(x, y, z)
  }

  var argumentText: String? { "\(point.x),\(point.y),\(point.z)" }
  static let expectation = "x,y,z in mm"
  static let placeholder = "x,y,z"
}
