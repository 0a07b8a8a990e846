import CommandLineInterface
import Diffusion
import ScannerImages
import Voxels

/// The options that say where the gradient table of a diffusion image is.
struct GradientOptions {
  var vectors: String?
  var values: String?
  var table: String?

  static let arguments: [Argument<GradientOptions>] = [
    .option(
      "--bvec", \.vectors, placeholder: "FILE",
      "FSL's file of directions, along the image's stored axes; three rows or three columns."),
    .option("--bval", \.values, placeholder: "FILE", "FSL's file of b-values in s/mm²."),
    .option(
      "--gradients", \.table, placeholder: "FILE",
      "MRtrix's table, a row x, y, z, b a volume, in scanner axes. Without it and --bvec, the "
        + "table in a MIF header is used."),
  ]

  /// Whether any file is given.
  var isGiven: Bool { vectors != nil || values != nil || table != nil }

  /// The rows (x, y, z in scanner axes, b) of an image's table.
  func rows(of image: ScannerImage) throws -> [SIMD4<Double>] {
    guard (vectors == nil) == (values == nil) else {
      throw UsageError(
        vectors == nil ? "--bvec" : "--bval", "FSL's gradient table is two files",
        expected: "--bvec and --bval together")
    }
    guard vectors == nil || table == nil else {
      throw UsageError(
        "--gradients", "there are two gradient tables", expected: "--bvec and --bval, or this")
    }
    if let vectors, let values {
      return try GradientFile.fsl(vectors: vectors, values: values, of: image.header)
    }
    if let table { return try GradientFile.mrtrix(table, of: image.header) }
    return try GradientFile.header(of: image.header, path: image.path)
  }

  /// The gradient table of an image.
  ///
  /// Tells where b-values were scaled by their directions' lengths.
  func gradients(of image: ScannerImage, _ context: CommandContext) throws -> GradientTable {
    let gradients = try GradientTable(rows: rows(of: image))
    if gradients.isScaled {
      context.note(
        "directions are not of length 1: b-values are multiplied by their squared lengths")
    }
    return gradients
  }
}

/// The axes along which FSL's gradient vectors lie, as unit vectors in scanner axes.
struct FSLAxes {
  let x, y, z: SIMD3<Double>

  init(of image: ScannerImageHeader) {
    let stored = image.storedTransform
    let axes = stored.nearestRotation
    let sign: Double = stored.determinant > 0 ? -1 : 1
    x = axes.apply(SIMD3(sign, 0, 0))
    y = axes.apply(SIMD3(0, 1, 0))
    z = axes.apply(SIMD3(0, 0, 1))
  }
}
