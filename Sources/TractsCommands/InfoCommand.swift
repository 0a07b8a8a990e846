import Codecs
import CommandLineInterface
import Diffusion
import ScannerImages
import VolumeStore
import Voxels

/// The command `tracts info`.
struct InfoCommand: Command {
  var path = ""
  var gradients = GradientOptions()
  var isCounting = false
  var isJSON = false

  static let manual = Manual<Self>(
    "info",
    summary: "Print what an image or a tractogram says of itself.",
    discussion: """
      Format, size in voxels, voxel size in mm, type, transform to scanner coordinates, the nearest \
      anatomical directions of the axes, and the b-values of a gradient table. Of \
      streamlines: counts, columns of values, groups and the image space; --count reads them all. One \
      "name<tab>value" line each, or JSON. What does not fit together is told on the standard error.
      """,
    arguments: [
      .positional(
        "IMAGE", \.path,
        "NIfTI, MIF or MGH, packed or not, or - for a pipe; or .tck, .trk, .trx or .vtk."),
      .flag("--count", \.isCounting, "Count streamlines, and say how long they are and where."),
      .group("Gradients", \.gradients, GradientOptions.arguments),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [
      Example("tracts info dwi.mif", "Describe an image and the gradient table in its header."),
      Example(
        "tracts info dwi.nii.gz --bvec dwi.bvec --bval dwi.bval --json",
        "Describe an image and its gradient table to a program."),
    ])

  func run(_ context: CommandContext) throws {
    if TractogramInfo.isTractogram(path) {
      return try TractogramInfo.print(path, counting: isCounting, asJSON: isJSON, context)
    }
    let image = try ScannerImage(path)
    let header = image.header
    for note in header.notes { context.warn("\(image.path): \(note)") }
    var facts: [(name: String, value: JSONValue)] = [
      ("path", .string(image.path)),
      ("format", .string(header.format)),
      (
        "size",
        .array(
          ([header.extent.x, header.extent.y, header.extent.z] + header.furtherLengths).map {
            .integer(Int64($0))
          })
      ),
      ("spacing", .numbers(header.transform.spacing)),
      ("type", .string(header.valueType.name)),
      ("axes", .string(header.transform.axesName)),
    ]
    if let scaling = header.scaling {
      facts.append(("scaling", .array([.number(scaling.slope), .number(scaling.intercept)])))
    }
    for (name, row) in zip(["x", "y", "z"], header.transform.rows) {
      facts.append(("transform \(name)", .array(row.map { .number($0) })))
    }
    if gradients.isGiven || header.gradients != nil {
      let table = try gradients.gradients(of: image, context)
      facts.append(
        (
          "shells",
          .array(
            table.shells.map {
              .object(["b": .number($0.bValue.rounded()), "volumes": .integer(Int64($0.count))])
            })
        ))
    }
    for property in header.properties where property.key != "command_history" {
      facts.append((property.key, .string(property.value)))
    }
    if isJSON {
      let object = JSONValue.object(Dictionary(facts.map { ($0.name, $0.value) }) { $1 })
      try context.print(String(decoding: object.encoded(pretty: true), as: UTF8.self))
    } else {
      for (name, value) in facts {
        try context.print("\(name)\t\(try text(value))")
      }
    }
  }

  private func text(_ value: JSONValue) throws -> String {
    if let text = value.string { return text.replacing("\n", with: "; ") }
    return String(decoding: try value.encoded(), as: UTF8.self)
  }
}

extension JSONValue {
  fileprivate static func numbers(_ values: SIMD3<Double>) -> JSONValue {
    .array([.number(values.x), .number(values.y), .number(values.z)])
  }
}

extension ScannerTransform {
  /// The anatomical directions nearest to the voxel axes, such as `RAS`.
  var axesName: String {
    [x, y, z].map { column in
      var largest = 0
      for row in 1..<3 where abs(column[row]) > abs(column[largest]) { largest = row }
      return column[largest] < 0 ? ["L", "P", "I"][largest] : ["R", "A", "S"][largest]
    }.joined()
  }
}
