import CommandLineInterface
import Connectomes
import ScannerImages
import VolumeStore
import Voxels

/// The command `tracts labelconvert`.
struct LabelConvertCommand: Command {
  var image = ""
  var oldTable = ""
  var newTable = ""
  var output = ""
  var ignoresUnmatched = false
  var replacing = false

  static let manual = Manual<Self>(
    "labelconvert",
    summary: "Number the regions of a parcellation as a table says.",
    discussion: """
      Regions are matched by name: a voxel whose label has a name in LUT_IN gets the label of that \
      name in LUT_OUT, and 0 where LUT_OUT does not have it. Tables of FreeSurfer, MRtrix3, AAL, \
      ITK-SNAP and BIDS are told apart by themselves.

      A name in LUT_OUT that LUT_IN does not have would be a region that is always empty, and is an \
      error; the thalamus is found by the names of all versions of FreeSurfer. A region that no \
      voxel has is told: it becomes a row of 0 in a connectome.
      """,
    arguments: [
      .positional("IMAGE", \.image, "The parcellation."),
      .positional("LUT_IN", \.oldTable, "The table that names its labels."),
      .positional("LUT_OUT", \.newTable, "The table with the labels it is to have."),
      .positional("OUTPUT", \.output, "The image to write: .nii, .nii.gz, .mif or .mif.gz."),
      .flag(
        "--ignore-unmatched", \.ignoresUnmatched,
        "Leave regions empty that LUT_IN does not name."),
      .flag("--force", \.replacing, "Replace an output that is there."),
    ],
    examples: [
      Example(
        "tracts labelconvert aparc+aseg.mgz FreeSurferColorLUT.txt fs_default.txt nodes.nii.gz",
        "Number FreeSurfer's cortical and subcortical regions from 1 to 84.")
    ])

  func run(_ context: CommandContext) throws {
    let (old, new) = (try LabelTableFile.read(oldTable), try LabelTableFile.read(newTable))
    let conversion = LabelConversion(from: old, to: new)
    if !conversion.unmatchedNames.isEmpty {
      let names = conversion.unmatchedNames.prefix(10).joined(separator: ", ")
      let rest = conversion.unmatchedNames.count - 10
      let list = names + (rest > 0 ? " and \(rest) more" : "")
      guard ignoresUnmatched else {
        throw VolumeError(
          .malformedMetadata, path: oldTable, "the table does not have names of \(newTable)",
          found: "no \(list)", expected: "every region of the new table",
          remedy: "correct the names, or leave these regions empty with --ignore-unmatched")
      }
      context.warn("\(oldTable): no \(list): left empty")
    }
    let source = try ScannerImage(image)
    var labels = try source.labels()
    var found: Set<UInt32> = []
    for z in 0..<source.extent.z {
      for y in 0..<source.extent.y {
        var row = labels.mutableRow(z: z, y: y)
        var (last, now) = (UInt32(0), UInt32(0))
        for x in 0..<source.extent.x {
          if row[x] != last {
            last = row[x]
            now = conversion.labels[last] ?? 0
            found.insert(now)
          }
          row[x] = now
        }
      }
    }
    let missing = new.entries.filter { entry in
      entry.label > 0 && !(UInt32(exactly: entry.label).map { found.contains($0) } ?? false)
    }
    if !missing.isEmpty {
      let names = missing.prefix(10).map { $0.name }.joined(separator: ", ")
      context.warn(
        "\(image): no voxel is \(names)"
          + (missing.count > 10 ? " or one of \(missing.count - 10) more" : ""))
    }
    try ScannerImage.write(
      labels, to: output, transform: source.transform, replacing: replacing)
  }
}
