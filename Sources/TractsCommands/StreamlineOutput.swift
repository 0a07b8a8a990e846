import CommandLineInterface
import ScannerImages
import StreamlineFormats
import VolumeStore

/// The options of commands that write streamlines.
struct StreamlineOutputOptions {
  var reference: String?
  var replacing = false

  static let arguments: [Argument<StreamlineOutputOptions>] = [
    .option(
      "--reference", \.reference, placeholder: "IMAGE",
      "The image whose space a TRK or TRX file is to state; that of the source when left out."),
    .flag("--force", \.replacing, "Replace outputs that are there."),
  ]

  /// Creates a tractogram like another one, and tells what it has no room for.
  ///
  /// Header lines are set, or removed where they are nil.
  ///
  /// - Throws: ``VolumeError``.
  func create(
    _ path: String, like source: any StreamlineReader,
    changing changes: [(name: String, value: String?)] = [], _ context: CommandContext
  ) throws -> any StreamlineWriter {
    try create(path, header: source.header, changing: changes, context)
  }

  /// Creates a tractogram; what it has no room for is told where there is a context.
  ///
  /// - Throws: ``VolumeError``.
  func create(
    _ path: String, header source: TractogramHeader,
    changing changes: [(name: String, value: String?)],
    _ context: CommandContext?
  ) throws -> any StreamlineWriter {
    var header = source
    if let reference {
      let image = try ScannerImage(reference)
      header.space = TractogramSpace(transform: image.transform, extent: image.extent)
    }
    for (name, value) in changes {
      header.properties.removeAll { $0.name.lowercased() == name }
      if let value { header.properties.append((name, value)) }
    }
    let left = header.names(leftOutBy: TractogramFiles.format(of: path))
    if !left.isEmpty { context?.warn("\(path): no room for \(left.joined(separator: ", "))") }
    return try TractogramFiles.create(path, replacing: replacing, header: header)
  }
}

/// A text file with a number in each line.
final class NumberOutput {
  private var file: NewFile
  private var offset = 0

  /// Creates a file.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists` or `inputOutput`.
  init(_ path: String, replacing: Bool) throws(VolumeError) {
    file = try NewFile(path: path, replacing: replacing)
  }

  /// Adds lines.
  func append(_ lines: [String]) throws(VolumeError) {
    let bytes = Array(lines.map { $0 + "\n" }.joined().utf8)
    try file.write(bytes.rawSpan, at: offset)
    offset += bytes.count
  }

  /// Gives the file its name.
  func finish() throws(VolumeError) { try file.commit() }
}
