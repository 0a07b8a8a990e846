import Codecs
import CommandLineInterface
import Connectomes
import GraphMeasures
import VolumeStore

/// Which connections are kept, as it is written on the command line.
struct ThresholdArgument: ArgumentValue {
  var threshold: GraphThreshold

  init?(argument: String) {
    let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let number = parts.count == 2 ? Double(argument: String(parts[1])) : nil
    guard parts.count == 1 || number != nil else { return nil }
    switch (parts[0], number) {
    case ("density", .some(let share)) where share > 0 && share <= 1: threshold = .density(share)
    case ("weight", .some(let least)): threshold = .weight(least)
    case ("consensus", .some(let share)) where share > 0 && share <= 1:
      threshold = .consensus(share)
    case ("consensus", nil): threshold = .consensus(0.5)
    default: return nil
    }
  }

  var argumentText: String? {
    switch threshold {
    case .density(let share): "density:\(share)"
    case .weight(let least): "weight:\(least)"
    case .consensus(let share): "consensus:\(share)"
    }
  }

  static let expectation =
    "density: and a share up to 1, weight: and the least one, or consensus: and a share"
  static let placeholder = "density:X|weight:X|consensus"
}

/// How files of matrices are read.
struct MatrixOptions {
  var format: ParsedMatrix.Format?
  var labels: String?
  var weight = "weight"
  var joining: ParsedMatrix.Joining?
  var isDirected = false

  static let arguments: [Argument<MatrixOptions>] = [
    .option(
      "--labels", \.labels, placeholder: "NAMES",
      "Names of the nodes: a table of labels as of tracts connectome, or a name in each line."),
    .option(
      "--input-format", \.format,
      "What the matrices are: table (.csv, .tsv, .txt), numPy, graphML or edgeList; by name when "
        + "left out."),
    .option(
      "--weight", \.weight, placeholder: "NAME", "The numbers of edges that count, in GraphML."),
    .option(
      "--symmetrize", \.joining,
      "What is made of triangles that differ; one triangle alone always fills the other."),
  ]

  /// The most bytes of a file.
  private static let mostBytes = 4 << 30

  /// Reads a matrix.
  ///
  /// - Throws: ``VolumeError`` where it is not there, or is none that can be used.
  func read(_ path: String, _ context: CommandContext) throws -> StoredMatrix {
    let status = try FileStatus.ofFile(path)
    guard status.byteCount <= Self.mostBytes else {
      throw VolumeError(
        .limitExceeded, path: path, "the file is too large", found: "\(status.byteCount) bytes",
        expected: "\(Self.mostBytes) at most")
    }
    let contents = try bytes(ofFile: path, count: status.byteCount)
    let parsed: ParsedMatrix
    do {
      parsed = try ParsedMatrix(
        parsing: contents, as: format ?? ParsedMatrix.format(of: path, contents), weight: weight)
    } catch {
      throw VolumeError(
        .malformedMetadata, path: path, error.message, found: error.found,
        expected: error.expected, remedy: error.remedy)
    }
    var matrix = try matrix(parsed, path, context)
    if let labels { matrix = try named(matrix, labels, path, context) }
    return StoredMatrix(path: path, matrix: matrix, digest: ContentDigest(of: contents))
  }

  private func matrix(
    _ parsed: ParsedMatrix, _ path: String, _ context: CommandContext
  ) throws(VolumeError) -> ConnectomeMatrix {
    if isDirected { return parsed.directed }
    if parsed.triangles == .one {
      context.note("\(path): only one triangle is filled; it stands for both")
    }
    guard let matrix = parsed.symmetric(joining: joining) else {
      throw VolumeError(
        .unsupportedFeature, path: path, "the matrix is not symmetric",
        remedy: "choose --directed, or what is made of both triangles with --symmetrize")
    }
    return matrix
  }

  private func named(
    _ matrix: ConnectomeMatrix, _ labels: String, _ path: String, _ context: CommandContext
  ) throws -> ConnectomeMatrix {
    let names = try NodeNames.read(labels, count: matrix.count, context)
    let nodes = zip(matrix.nodes, names).map { ConnectomeNode(label: $0.label, name: $1) }
    return ConnectomeMatrix(
      nodes: nodes, values: matrix.values, isSymmetric: matrix.isSymmetric,
      measure: matrix.measure, metadata: matrix.metadata)
  }
}

/// A matrix and where it comes from.
struct StoredMatrix {
  var path: String
  var matrix: ConnectomeMatrix
  var digest: ContentDigest

  /// The path's last part.
  var name: String { path.split(separator: "/").last.map(String.init) ?? path }
}

/// Names for the rows of a matrix.
enum NodeNames {
  /// Reads a table of labels, or a list with a name in each line.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - count: How many nodes there are.
  ///   - context: Is told of what was assumed.
  /// - Returns: As many names; empty ones where a table leaves labels out.
  /// - Throws: ``VolumeError`` where names and nodes do not match.
  static func read(_ path: String, count: Int, _ context: CommandContext) throws -> [String] {
    let status = try FileStatus.ofFile(path)
    let text = String(
      decoding: try bytes(ofFile: path, count: min(status.byteCount, 16 << 20)), as: UTF8.self)
    let lines = text.split(whereSeparator: \.isNewline)
      .map { String($0.drop { $0.isWhitespace }) }
      .filter { !$0.isEmpty && !$0.hasPrefix("#") }
    // Names alone have no number in front and no table's columns.
    if lines.count == count, !lines.contains(where: { $0.contains("\t") }),
      !lines.allSatisfy({ $0.first?.isNumber == true })
    {
      let words = lines.map { $0.split(whereSeparator: \.isWhitespace).count }
      if words.allSatisfy({ $0 == 1 }) || (try? LabelTableFile.read(path)) == nil { return lines }
    }
    let table = try LabelTableFile.read(path)
    let entries = table.entries.filter { $0.label != 0 }.sorted { $0.label < $1.label }
    if entries.allSatisfy({ (1...count).contains($0.label) }) {
      let missing = count - entries.count
      if missing > 0 { context.warn("\(path): \(missing) of \(count) nodes have no name") }
      let names = table.names
      return (1...count).map { names[$0] ?? "" }
    }
    guard entries.count == count else {
      throw VolumeError(
        .malformedMetadata, path: path, "the names do not match the matrix",
        found: "\(entries.count) names, labels up to \(entries.last?.label ?? 0)",
        expected: "\(count) nodes", remedy: "give the table that the matrix was made with")
    }
    context.note("\(path): labels are not 1 to \(count); names are given in the order of labels")
    return entries.map(\.name)
  }
}
