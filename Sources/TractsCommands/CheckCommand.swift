import CommandLineInterface
import Diffusion
import ScannerImages
import VolumeStore
import Voxels

/// The command `tracts check`.
struct CheckCommand: Command {
  var image = ""
  var gradients = GradientOptions()
  var mask: String?
  var parcellation: String?
  var resources = ResourceOptions()

  static let manual = Manual<Self>(
    "check",
    summary: "Look for reversed gradients, headers that disagree, and gaps in labels.",
    discussion: """
      Fits tensors, and compares how well their principal directions go on from voxel to voxel with \
      the 23 other ways to exchange and reverse the gradients' components along the image's axes. \
      The table is right where no other way is better. Also told: transforms of a header that \
      disagree, b-values and their volumes, volumes that are not positive, a parcellation in another place, \
      and label numbers that are not used.

      One "name<tab>value" line each. The status is 65 where something is wrong, else 0.
      """,
    arguments: [
      .positional("DWI", \.image, "The diffusion-weighted image."),
      .group("Gradients", \.gradients, GradientOptions.arguments),
      .option("--mask", \.mask, placeholder: "FILE", "Look only where this image is above zero."),
      .option(
        "--parcellation", \.parcellation, placeholder: "FILE", "An image of labels to check too."),
      .group("Resources", \.resources, ResourceOptions.arguments),
    ],
    examples: [
      Example(
        "tracts check dwi.nii.gz --bvec dwi.bvec --bval dwi.bval --mask mask.nii.gz",
        "See whether directions fit the image before tracking.")
    ],
    references: ["Schilling et al. 2019, Magn Reson Imaging 58:82"])

  func run(_ context: CommandContext) throws {
    let image = try ScannerImage(image)
    var faults = image.header.notes
    let table = try gradients.gradients(of: image, context)
    for shell in table.shells {
      try context.print("shell\tb = \(Int(shell.bValue.rounded())), \(shell.count) volumes")
    }
    if table.unweighted.isEmpty {
      faults.append("no volume is without diffusion weighting (b up to 50)")
    }
    faults += try checkGradients(image, table, context)
    if let parcellation {
      faults += try ParcellationCheck(parcellation, beside: image).run(context)
    }
    for fault in faults { try context.print("fault\t\(fault)") }
    try context.print("faults\t\(faults.count)")
    if !faults.isEmpty { throw CheckFailure(path: image.path, count: faults.count) }
  }

  private func checkGradients(
    _ image: ScannerImage, _ table: GradientTable, _ context: CommandContext
  ) throws -> [String] {
    let mask = try mask.map { try MaskImage($0, of: image) }
    let fit = try TensorFit(table, method: .linear(start: .signals, iterations: 0))
    var tensors = Volume<Float>(channels: 6, box: VoxelBox(extent: image.extent))
    for z in 0..<image.extent.z {
      try context.checkCancellation()
      let signals = try image.slab(volumes: 0..<image.volumes, z: z..<z + 1)
      let result = fit(signals, mask: try mask?.sections(z..<z + 1), threads: resources.threads)
      for channel in 0..<6 {
        for y in 0..<image.extent.y {
          let row = result.tensor.row(channel: channel, z: 0, y: y)
          var target = tensors.mutableRow(channel: channel, z: z, y: y)
          for x in 0..<image.extent.x { target[x] = row[x] }
        }
      }
    }
    let check = GradientCheck(tensors: tensors, transform: image.transform)
    let own = check.ranking.first { $0.change == .none }?.coherence ?? 0
    guard let best = check.ranking.first, best.coherence > 0, check.voxelCount >= 100 else {
      try context.print("gradients\ttoo few anisotropic voxels to tell (\(check.voxelCount))")
      return []
    }
    for (change, coherence) in check.ranking.prefix(5) {
      try context.print(
        "coherence\t\(change.name)\t\(hundredths(100 * coherence / best.coherence)) %")
    }
    guard best.change != .none else {
      let next = check.ranking.dropFirst().first?.coherence ?? 0
      try context.print(
        "gradients\tas given; the next best has \(hundredths(100 * next / best.coherence)) %")
      return []
    }
    return [
      "directions go on better as \(best.change.name) along the image's axes "
        + "(\(hundredths(100 * own / best.coherence)) % as given): change the gradient table"
    ]
  }
}

/// What `tracts check` ends with where something is wrong.
struct CheckFailure: DiagnosedError {
  let path: String
  let count: Int

  var exitStatus: ExitStatus { .badData }

  var diagnosis: Diagnosis {
    Diagnosis(
      "\(path): \(count == 1 ? "a fault was" : "\(count) faults were") found",
      remedy: "correct what the lines beginning with \"fault\" say")
  }
}

/// Whether labels are numbered without gaps and lie where an image does.
struct ParcellationCheck {
  private let labels: ScannerImage
  private let image: ScannerImage

  init(_ path: String, beside image: ScannerImage) throws {
    labels = try ScannerImage(path)
    self.image = image
  }

  func run(_ context: CommandContext) throws -> [String] {
    var faults = labels.header.notes
    let volume = try labels.labels()
    var used = Set<UInt32>()
    let values = volume.span
    for index in 0..<values.count where values[index] != 0 { used.insert(values[index]) }
    let largest = used.max() ?? 0
    try context.print("labels\t\(used.count), the largest \(largest)")
    if used.isEmpty { faults.append("\(labels.path) holds no label") }
    let gaps = Int(largest) - used.count
    if gaps > 0 {
      let first = (1...largest).lazy.filter { !used.contains($0) }.prefix(10)
      faults.append(
        "\(gaps) label numbers below \(largest) are not used in \(labels.path): "
          + first.map(String.init).joined(separator: ", ") + (gaps > 10 ? ", …" : ""))
    }
    let share = try shareInside(volume)
    try context.print("labels inside the image\t\(hundredths(100 * share)) %")
    if share < 0.9, !used.isEmpty {
      faults.append("\(hundredths(100 * (1 - share))) % of the labels lie outside the image")
    }
    return faults
  }

  /// The share of labelled voxels whose centre lies in the image.
  private func shareInside(_ volume: borrowing Volume<UInt32>) throws -> Double {
    guard let inverse = image.transform.inverse else { return 0 }
    let extent = volume.extent
    var (all, inside) = (0, 0)
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        let row = volume.row(z: z, y: y)
        for x in 0..<extent.x where row[x] != 0 {
          all += 1
          let place = inverse.apply(
            labels.transform.apply(SIMD3(Double(x), Double(y), Double(z))))
          let limit = SIMD3(
            Double(image.extent.x), Double(image.extent.y), Double(image.extent.z))
          let isInside = (0..<3).allSatisfy { place[$0] > -0.5 && place[$0] < limit[$0] - 0.5 }
          if isInside { inside += 1 }
        }
      }
    }
    return all == 0 ? 0 : Double(inside) / Double(all)
  }
}
