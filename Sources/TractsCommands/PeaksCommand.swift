import CommandLineInterface
import Diffusion
import ScannerImages
import VolumeStore
import Voxels

/// The command `tracts peaks`.
struct PeaksCommand: Command {
  var image = ""
  var output = ""
  var mask: String?
  var number = 3
  var threshold: Double?
  var starts: String?
  var isReplacing = false
  var resources = ResourceOptions()

  static let manual = Manual<Self>(
    "peaks",
    summary: "Find the peaks of fibre densities.",
    discussion: """
      The output has three volumes for each peak: a vector in scanner axes as long as the peak's \
      amplitude, the largest peak first. Peaks that a voxel does not have are no numbers, as MRtrix3's \
      sh2peaks has them. Each of 60 directions that are evenly spread over the sphere is followed up \
      to a peak; those within 8° of each other are one.
      """,
    arguments: [
      .positional(
        "FOD", \.image, "The coefficients of spherical harmonics, as tracts fod has them."),
      .option(
        "--output", \.output, .required, placeholder: "FILE",
        "The peaks: .nii, .nii.gz, .mif or .mif.gz."),
      .option("--mask", \.mask, placeholder: "FILE", "Search only where this image is above zero."),
      .option("--num", \.number, accepting: .from(1...100), "The most peaks of a voxel."),
      .option("--threshold", \.threshold, "The least amplitude of a peak."),
      .option(
        "--seeds", \.starts, placeholder: "FILE",
        "The directions to start from: rows of azimuth and elevation, or of x, y and z."),
      .flag("--force", \.isReplacing, "Replace an output that is there."),
      .group("Resources", \.resources, ResourceOptions.arguments),
    ],
    examples: [
      Example("tracts peaks fod.nii.gz --num 2 --output peaks.nii.gz", "Two peaks a voxel.")
    ],
    references: ["Jeurissen et al. 2013, Hum Brain Mapp 34:2747"])

  func run(_ context: CommandContext) throws {
    let image = try ScannerImage(image)
    let degree = try image.harmonicDegree()
    let starts = try starts.map { try ResponseFile.directions($0) }
    let mask = try mask.map { try MaskImage($0, of: image) }
    let map = PeakMap(
      degree: degree, count: number, threshold: threshold ?? -.infinity, starts: starts)
    let writer = try ScannerImageWriter(
      output,
      ScannerImageWriter.Description(
        extent: image.extent, volumes: 3 * number, transform: image.transform,
        note: "\(context.tool) \(context.version) peaks"), replacing: isReplacing)
    let progress = context.progress("peaks", total: image.extent.voxelCount, unit: .voxels)
    let plane = image.extent.y * image.extent.x
    let fitting = min(24 << 20, resources.memory.bytes)
    let sections = max(
      1, min(image.extent.z, fitting / max(1, plane * 4 * (image.volumes + 6 * number))))
    for first in stride(from: 0, to: image.extent.z, by: sections) {
      try context.checkCancellation()
      let z = first..<min(first + sections, image.extent.z)
      let densities = try image.slab(volumes: 0..<image.volumes, z: z)
      try writer.write(map(densities, mask: try mask?.sections(z), threads: resources.threads))
      progress.advance(by: z.count * plane)
    }
    progress.finish()
    try writer.finish()
  }
}

extension ScannerImage {
  /// The degree of the spherical harmonics whose coefficients the volumes are.
  ///
  /// - Throws: ``VolumeError`` where their number is that of no even degree.
  func harmonicDegree() throws(VolumeError) -> Int {
    guard let degree = SphericalHarmonics.degree(count: volumes), degree >= 2 else {
      throw VolumeError(
        .unsupportedFeature, path: path,
        "the volumes are no coefficients of spherical harmonics", found: "\(volumes) volumes",
        expected: "6, 15, 28, 45, 66 or another number of all orders of even degrees",
        remedy: "make them with tracts fod")
    }
    return degree
  }
}
