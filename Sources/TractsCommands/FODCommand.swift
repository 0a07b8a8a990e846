import CommandLineInterface
import Diffusion
import ScannerImages
import VolumeStore
import Voxels

/// The command `tracts fod`.
struct FODCommand: Command {
  var image = ""
  var gradients = GradientOptions()
  var responses: [String] = []
  var mask: String?
  var degrees: [Int] = []
  var output: [String] = []
  var iterations = 50
  var threshold = 0.0
  var negativity: Double?
  var norm: Double?
  var directions: String?
  var isMultiTissue = false
  var isReplacing = false
  var resources = ResourceOptions()

  static let manual = Manual<Self>(
    "fod",
    summary: "Find the fibre densities of a diffusion-weighted image by spherical deconvolution.",
    discussion: """
      With one response of one row, densities are those of constrained spherical deconvolution of \
      the shell of the largest b-value, as MRtrix3's dwi2fod csd. With several responses, or one of \
      several rows (a row for each shell, from the least b-value on), they are those of multi-shell \
      multi-tissue deconvolution, as dwi2fod msmt_csd: one output for each response, in the same \
      order.

      Outputs are coefficients of spherical harmonics in MRtrix's basis, one volume each, with axes \
      of the scanner: 45 for degree 8. Degrees are 8, or those of the response where that has fewer, \
      unless --lmax says otherwise; a tissue whose response has one column is isotropic.

      Densities are kept from being negative along 300 directions that are evenly spread over the \
      sphere. They are not the ones that are built into MRtrix3, which gives a difference of about a \
      hundredth of a density's size; --directions takes others, and then both programs agree.

      Voxels whose signals are not finite are zero.
      """,
    arguments: [
      .positional(
        "DWI", \.image, "The diffusion-weighted image: NIfTI, MIF or MGH, or - for a pipe."),
      .group("Gradients", \.gradients, GradientOptions.arguments),
      .option(
        "--response", \.responses, .required, placeholder: "FILE[,…]",
        "The response of each tissue, as dwi2response and tracts response write it."),
      .option(
        "--output", \.output, .required, placeholder: "FILE[,…]",
        "The densities of each tissue: .nii, .nii.gz, .mif or .mif.gz."),
      .option("--mask", \.mask, placeholder: "FILE", "Fit only where this image is above zero."),
      .option(
        "--lmax", \.degrees, placeholder: "N[,…]", "The even degree of each tissue's densities."),
      .flag(
        "--multi-tissue", \.isMultiTissue,
        "Take the second method for one response of one row as well."),
      .option(
        "--niter", \.iterations, accepting: .from(0...1000),
        "The most iterations of the first method; 0 for no constraint."),
      .option(
        "--threshold", \.threshold,
        "The amplitude below which the first method penalises a direction."),
      .option(
        "--neg-lambda", \.negativity, accepting: .ifGiven(.atLeast(0)),
        "The weight of the constraint: 1, or 1e-10 for the second method, when left out."),
      .option(
        "--norm-lambda", \.norm, accepting: .ifGiven(.atLeast(0)),
        "The weight of the density's norm: 1, or 1e-10 for the second method, when left out."),
      .option(
        "--directions", \.directions, placeholder: "FILE",
        "The directions of the constraint: rows of azimuth and elevation, or of x, y and z."),
      .flag("--force", \.isReplacing, "Replace outputs that are there."),
      .group("Resources", \.resources, ResourceOptions.arguments),
    ],
    examples: [
      Example(
        "tracts fod dwi.mif --response wm.txt --mask mask.mif --output fod.mif",
        "Densities of one shell."),
      Example(
        "tracts fod dwi.nii.gz --bvec dwi.bvec --bval dwi.bval --response wm.txt,gm.txt,csf.txt "
          + "--output wm.nii.gz,gm.nii.gz,csf.nii.gz",
        "Densities of three tissues from several shells."),
    ],
    references: [
      "Tournier et al. 2007, NeuroImage 35:1459", "Jeurissen et al. 2014, NeuroImage 103:411",
    ])

  func run(_ context: CommandContext) throws {
    guard responses.count == output.count else {
      throw UsageError(
        "--output", "there is not one for each response", found: "\(output.count)",
        expected: "\(responses.count)")
    }
    guard degrees.isEmpty || degrees.count == responses.count else {
      throw UsageError(
        "--lmax", "there is not one for each response", found: "\(degrees.count)",
        expected: "\(responses.count)")
    }
    let responses = try responses.map { try ResponseFile.read($0) }
    let image = try ScannerImage(image)
    for note in image.header.notes { context.warn("\(image.path): \(note)") }
    let table = try gradients.gradients(of: image, context)
    guard table.count == image.volumes else {
      throw VolumeError(
        .malformedMetadata, path: image.path, "the gradient table does not fit the image",
        found: "\(table.count) rows", expected: "\(image.volumes), one a volume")
    }
    let mask = try mask.map { try MaskImage($0, of: image) }
    try DeconvolutionRun(
      command: self, image: image, mask: mask,
      method: method(table, responses)
    ).run(context)
  }

  private func method(
    _ table: GradientTable, _ responses: [[[Double]]]
  ) throws -> DeconvolutionRun.Method {
    let vectors = try directions.map { try ResponseFile.directions($0) }
    if let vectors, vectors.count < 6 {
      throw UsageError(
        "--directions", "there are too few", found: "\(vectors.count)", expected: "6 or more")
    }
    // One column of numbers is one row.
    let single = responses[0].count == 1 ? responses[0][0] : nil
    if responses.count == 1, let single, !isMultiTissue {
      var options = SphericalDeconvolution.Options()
      options.degree = degrees.first
      options.iterations = iterations
      options.threshold = threshold
      if let negativity { options.negativity = negativity }
      if let norm { options.norm = norm }
      options.directions = vectors
      return .singleShell(try SphericalDeconvolution(table, response: single, options: options))
    }
    guard iterations == 50, threshold == 0 else {
      throw UsageError(
        "--niter", "it and --threshold belong to the method for one shell",
        expected: "one response of one row")
    }
    var options = MultiTissueDeconvolution.Options()
    options.degrees = degrees.isEmpty ? nil : degrees
    if let negativity { options.negativity = negativity }
    if let norm { options.norm = norm }
    options.directions = vectors
    return .multiTissue(
      try MultiTissueDeconvolution(table, responses: responses, options: options))
  }
}

/// One run of `tracts fod`: slabs of whole sections are read, deconvolved and written one by one.
struct DeconvolutionRun {
  /// How densities are found.
  enum Method {
    case singleShell(SphericalDeconvolution)
    case multiTissue(MultiTissueDeconvolution)

    /// The even degree of each tissue.
    var degrees: [Int] {
      switch self {
      case .singleShell(let deconvolution): [deconvolution.degree]
      case .multiTissue(let deconvolution): deconvolution.degrees
      }
    }
  }

  let command: FODCommand
  let image: ScannerImage
  let mask: MaskImage?
  let method: Method

  /// The bytes of signals that are taken at a time.
  private static let slabByteCount = 24 << 20

  func run(_ context: CommandContext) throws {
    if let distance = mask?.displacement(from: image) {
      context.warn(
        "the mask lies up to \(hundredths(distance)) mm from the image; voxels are taken as they are"
      )
    }
    let counts = method.degrees.map { SphericalHarmonics.count(degree: $0) }
    let writers = try zip(command.output, counts).map { path, count in
      try ScannerImageWriter(
        path,
        ScannerImageWriter.Description(
          extent: image.extent, volumes: count, transform: image.transform,
          note: "\(context.tool) \(context.version) fod"), replacing: command.isReplacing)
    }
    let progress = context.progress("fod", total: image.extent.voxelCount, unit: .voxels)
    var (failed, unsettled) = (0, 0)
    let sections = sectionsAtOnce
    for first in stride(from: 0, to: image.extent.z, by: sections) {
      try context.checkCancellation()
      let z = first..<min(first + sections, image.extent.z)
      let signals = try image.slab(volumes: 0..<image.volumes, z: z)
      let inside = try mask?.sections(z)
      let threads = command.resources.threads
      let slab =
        switch method {
        case .singleShell(let deconvolution): deconvolution(signals, mask: inside, threads: threads)
        case .multiTissue(let deconvolution): deconvolution(signals, mask: inside, threads: threads)
        }
      failed += slab.failed
      unsettled += slab.unsettled
      var start = 0
      for (writer, count) in zip(writers, counts) {
        try writer.write(slab.densities.channels(start..<start + count))
        start += count
      }
      progress.advance(by: z.count * image.extent.y * image.extent.x)
    }
    progress.finish()
    for writer in writers { try writer.finish() }
    if failed > 0 { context.note("\(failed) voxels without finite signals are zero") }
    if unsettled > 0 { context.note("\(unsettled) voxels did not settle") }
  }

  /// The sections that fit into the memory given.
  private var sectionsAtOnce: Int {
    let values =
      image.volumes + 2
      * method.degrees.reduce(0) {
        $0 + SphericalHarmonics.count(degree: $1)
      }
    guard let bytes = checkedProduct([image.extent.y, image.extent.x, values, 4]) else { return 1 }
    let fitting = min(DeconvolutionRun.slabByteCount, command.resources.memory.bytes)
    return max(1, min(image.extent.z, fitting / max(1, bytes)))
  }
}

extension Volume<Float> {
  /// Some of the channels.
  fileprivate func channels(_ range: Range<Int>) -> Volume<Float> {
    if range == 0..<channels { return self }
    let count = extent.voxelCount
    let values = span.extracting(range.lowerBound * count..<range.upperBound * count)
    var part = Volume<Float>(channels: range.count, box: box)
    var target = part.mutableSpan
    for place in 0..<values.count { target[place] = values[place] }
    return part
  }
}
