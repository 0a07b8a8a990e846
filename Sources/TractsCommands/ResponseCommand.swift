import CommandLineInterface
import Diffusion
import LinearAlgebra
import ScannerImages
import VolumeStore
import Voxels

/// How voxels of a single fibre are found, as users name it.
enum ResponseMethod: String, CaseIterable, ArgumentValue {
  case tournier, fa, manual
}

/// The command `tracts response`.
struct ResponseCommand: Command {
  var image = ""
  var method = ResponseMethod.tournier
  var gradients = GradientOptions()
  var mask: String?
  var output = ""
  var voxels: String?
  var fibres: String?
  var number = 300
  var threshold: Double?
  var iterations = 10
  var degrees: [Int] = []
  var isReplacing = false
  var resources = ResourceOptions()

  static let manual = Manual<Self>(
    "response",
    summary: "Estimate the signals of a single fibre, the response for tracts fod.",
    discussion: """
      tournier finds the voxels that most likely hold a single fibre: densities are found again and \
      again with the response of the best --number voxels of the time before, ranked by how much the \
      largest peak stands out. fa takes the voxels of the largest fractional anisotropy. Both use the \
      shell of the largest b-value. manual takes all voxels of --mask, along --fibres or along the \
      principal directions of fitted tensors, and writes a row for each shell.

      The response is fitted to the signals of all those voxels at once, such that it is not negative \
      and does not fall from the fibre's direction to its equator, as MRtrix3's amp2response does. It \
      is a text file of the coefficients of zonal harmonics of degrees 0, 2, 4 ….

      --mask is needed: where to look, or for manual which voxels to take. The whole image is held in \
      memory.
      """,
    arguments: [
      .positional(
        "DWI", \.image, "The diffusion-weighted image: NIfTI, MIF or MGH, or - for a pipe."),
      .group("Gradients", \.gradients, GradientOptions.arguments),
      .option("--method", \.method, "How voxels are found."),
      .option(
        "--mask", \.mask, .required, placeholder: "FILE", "The voxels above zero are looked at."),
      .option("--output", \.output, .required, placeholder: "FILE", "The response: a text file."),
      .option(
        "--voxels", \.voxels, placeholder: "FILE", "Writes the voxels that were taken, an image."),
      .option(
        "--fibres", \.fibres, placeholder: "FILE",
        "For manual: the fibre's direction in each voxel, three volumes in scanner axes."),
      .option("--number", \.number, accepting: .atLeast(1), "How many voxels are taken."),
      .option(
        "--threshold", \.threshold, accepting: .ifGiven(.atLeast(0)),
        "For fa: take all voxels above this anisotropy instead."),
      .option("--max-iters", \.iterations, accepting: .atLeast(2), "The most repetitions."),
      .option(
        "--lmax", \.degrees, placeholder: "N[,…]",
        "The even degree of the response, for manual that of each shell; 10, and 0 without "
          + "weighting, when left out."),
      .flag("--force", \.isReplacing, "Replace outputs that are there."),
      .group("Resources", \.resources, Array(ResourceOptions.arguments.dropFirst())),
    ],
    examples: [
      Example(
        "tracts response dwi.mif --mask mask.mif --output wm.txt",
        "The response of the largest shell.")
    ],
    references: [
      "Tournier et al. 2013, NMR Biomed 26:1775", "Tournier et al. 2004, NeuroImage 23:1176",
    ])

  func run(_ context: CommandContext) throws {
    guard let mask else {
      throw UsageError("--mask", "it is not given", expected: "the voxels to look at")
    }
    guard method == .manual || fibres == nil else {
      throw UsageError("--fibres", "only manual takes directions", expected: "--method manual")
    }
    guard method == .fa || threshold == nil else {
      throw UsageError("--threshold", "only fa has one", expected: "--method fa")
    }
    guard method == .manual || degrees.count <= 1 else {
      throw UsageError(
        "--lmax", "there is one shell only", found: "\(degrees.count) degrees",
        expected: "one degree")
    }
    let image = try ScannerImage(image)
    for note in image.header.notes { context.warn("\(image.path): \(note)") }
    let table = try gradients.gradients(of: image, context)
    guard table.count == image.volumes else {
      throw VolumeError(
        .malformedMetadata, path: image.path, "the gradient table does not fit the image",
        found: "\(table.count) rows", expected: "\(image.volumes), one a volume")
    }
    let masked = try MaskImage(mask, of: image)
    if let distance = masked.displacement(from: image) {
      context.warn(
        "the mask lies up to \(hundredths(distance)) mm from the image; voxels are taken as they are"
      )
    }
    let inside = try masked.sections(0..<image.extent.z)
    let signals = try image.slab(volumes: 0..<image.volumes, z: 0..<image.extent.z)
    let (rows, taken, shells) = try estimate(signals, table, inside, image, context)
    try WholeFile.checkFree(output, replacing: isReplacing)
    try WholeFile.write(
      Array(
        ResponseFile.text(
          rows,
          comments: [
            "Shells: " + shells.map { "\(Int($0.bValue.rounded()))" }.joined(separator: ","),
            ([context.tool] + context.arguments).joined(separator: " "),
          ]
        ).utf8), to: output, replacing: isReplacing)
    if let voxels {
      let writer = try ScannerImageWriter(
        voxels,
        ScannerImageWriter.Description(
          extent: image.extent, dataType: .uint8, transform: image.transform,
          note: "\(context.tool) \(context.version) response voxels"), replacing: isReplacing)
      try writer.write(taken)
      try writer.finish()
    }
  }

  /// The response, the voxels it comes from, and its shells.
  private func estimate(
    _ signals: Volume<Float>, _ table: GradientTable, _ mask: Volume<UInt8>, _ image: ScannerImage,
    _ context: CommandContext
  ) throws -> ([[Double]], Volume<UInt8>, [GradientTable.VolumeShell]) {
    let shells = try table.clusteredShells()
    guard let largest = shells.last, !largest.isUnweighted else {
      throw DiffusionError("no volume is diffusion-weighted", expected: "b-values above 10 s/mm²")
    }
    switch method {
    case .tournier:
      var search = SingleFibreSearch()
      search.number = number
      search.iterations = iterations
      search.degree = degrees.first
      let result = try search(signals, gradients: table, mask: mask, threads: resources.threads)
      context.note(
        result.hasSettled
          ? "the voxels settled after \(result.iterations) repetitions"
          : "the voxels did not settle in \(result.iterations) repetitions")
      return ([result.response], result.voxels, [largest])
    case .fa:
      let maps = try tensorMaps(signals, table, mask)
      let taken = highest(maps.anisotropy, within: mask)
      var estimate = try ResponseEstimate(
        table, shells: [largest], degrees: degrees.isEmpty ? nil : degrees)
      signals.addSingleFibres(to: &estimate, mask: taken, fibres: maps.direction)
      return (try response(estimate), taken, [largest])
    case .manual:
      let directions = try fibres.map { try Self.directions($0, of: image) }
      let vectors = try directions ?? tensorMaps(signals, table, mask).direction
      var estimate = try ResponseEstimate(
        table, shells: shells, degrees: degrees.isEmpty ? nil : degrees)
      signals.addSingleFibres(to: &estimate, mask: mask, fibres: vectors)
      return (try response(estimate), mask, shells)
    }
  }

  private func response(_ estimate: ResponseEstimate) throws -> [[Double]] {
    guard estimate.voxels > 0 else {
      throw VolumeError(
        .dataTypeMismatch, path: mask ?? "", "no voxel of the mask has a fibre",
        remedy: "check the mask")
    }
    return try estimate.response()
  }

  private func tensorMaps(
    _ signals: Volume<Float>, _ table: GradientTable, _ mask: Volume<UInt8>
  ) throws -> (anisotropy: Volume<Float>, direction: Volume<Float>) {
    let fit = try TensorFit(table, method: .linear(start: .signals, iterations: 2))
    let tensors = fit(signals, mask: mask, threads: resources.threads).tensor
    let maps = TensorMap.volumes([.fa, .v1], of: tensors, threads: resources.threads)
    return (maps[0], maps[1])
  }

  /// The voxels of the largest values, or above the threshold.
  private func highest(_ values: Volume<Float>, within mask: Volume<UInt8>) -> Volume<UInt8> {
    let (source, inside) = (values.span, mask.span)
    let voxels = inside.indices.filter { inside[$0] != 0 && source[$0].isFinite && source[$0] > 0 }
    let chosen =
      if let threshold {
        voxels.filter { Double(source[$0]) > threshold }
      } else {
        Array(voxels.sorted { (source[$1], $0) < (source[$0], $1) }.prefix(number))
      }
    var taken = Volume<UInt8>(box: mask.box)
    var target = taken.mutableSpan
    for voxel in chosen { target[voxel] = 1 }
    return taken
  }

  private static func directions(
    _ path: String, of image: ScannerImage
  ) throws(VolumeError) -> Volume<Float> {
    let file = try ScannerImage(path)
    guard file.extent == image.extent, file.volumes >= 3 else {
      throw VolumeError(
        .malformedMetadata, path: path, "the image holds no direction for each voxel",
        found: file.header.sizeText, expected: "\(image.header.sizeText), three volumes")
    }
    return try file.slab(volumes: 0..<3, z: 0..<file.extent.z)
  }
}
