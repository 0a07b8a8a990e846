import Codecs
import CommandLineInterface
import Connectomes
import FoundationEssentials
import StreamlineFormats
import VolumeStore

/// A run of `tracts connectome`: opens the inputs, makes the pass, writes the outputs.
struct ConnectomeRun {
  private let command: ConnectomeCommand
  private let context: CommandContext

  /// One matrix to be written.
  private struct Target {
    var parcellation: Int
    var measure: Int
    var path: String
    var format: MatrixFormat
  }

  init(_ command: ConnectomeCommand, _ context: CommandContext) {
    self.command = command
    self.context = context
  }

  /// Makes the matrices.
  ///
  /// - Parameter makeStreamlines: Makes the file of streamlines, where it is not there yet.
  /// - Throws: What reading, making and writing throw.
  func run(makingStreamlines makeStreamlines: () throws -> Void = {}) throws {
    let rule = try command.assignment.rule(radius: command.radius)
    let (measures, paths) = try measures()
    let names = command.parcellations.map { OutputName.stem(of: $0) }
    guard Set(names).count == names.count else {
      throw UsageError(
        "--parcellation", "two parcellations have the same name",
        found: names.joined(separator: ", "),
        remedy: "rename one of the files: outputs are named by them")
    }
    let targets = try targets(measures, names)
    try checkOutputs(targets)
    let table = try command.labels.map { try LabelTableFile.read($0) }
    let parcellations = try command.parcellations.map { path in
      let parcellation = try Parcellation(path)
      noteMissing(parcellation, table)
      return parcellation
    }
    let values = try paths.map { try StreamlineValues.open($0) }
    try makeStreamlines()
    let reader = try TractogramFiles.open(command.streamlines)
    for note in reader.header.notes { context.note("\(command.streamlines): \(note)") }
    let files = try assignmentFiles(names)
    let pass = ConnectomePass(
      reader: reader, assigners: parcellations.map { NodeAssigner(image: $0.image, rule: rule) },
      measures: measures, values: values,
      weights: try command.weights.map { try NumberFile(path: $0) },
      isVector: command.isVector, assignmentFiles: files, threads: command.resources.threads)
    let outcome = try pass.run(context)
    for finding in reader.findings { context.warn("\(command.streamlines): \(finding)") }
    if outcome.outsideCount > 0 {
      context.warn(
        "\(outcome.outsideCount) streamlines have no value: they lie outside an image, or a file "
          + "says nan; the connections they are part of have none either")
    }
    var metadata = try description(reader, paths)
    metadata["Streamlines"] = .integer(Int64(outcome.streamlineCount))
    for file in files { try file.finish() }
    if targets.count > 1 { try OutputFolder.create(command.output) }
    for target in targets {
      try write(
        target, outcome.sums[target.parcellation], parcellations[target.parcellation], table,
        metadata)
    }
    for (parcellation, sums) in zip(parcellations, outcome.sums) { report(parcellation, sums) }
  }

  // MARK: What is asked for

  /// The measures, and the files whose values they take.
  private func measures() throws(UsageError) -> (measures: [EdgeMeasure], paths: [String]) {
    var (measures, paths): ([EdgeMeasure], [String]) = ([], [])
    func index(of path: String) -> Int {
      if let known = paths.firstIndex(of: path) { return known }
      paths.append(path)
      return paths.count - 1
    }
    for argument in command.measures {
      switch argument.kind {
      case .named(let measure): measures.append(measure)
      case .fibreBundleCapacity:
        guard command.weights != nil else {
          throw UsageError(
            "--measure", "fbc is a sum of weights", found: "no --weights",
            remedy: "add --weights, such as those of tcksift2")
        }
        measures.append(EdgeMeasure("fbc", factor: command.coefficient))
      case .values(let statistic, let path):
        measures.append(
          EdgeMeasure(argument.name, values: index(of: path), statistic: statistic))
      }
    }
    let custom = command.custom
    if custom.isGiven {
      guard !(custom.isByLength && custom.isByInverseLength) else {
        throw UsageError(
          "--scale-length", "the length and its inverse exclude each other",
          remedy: "leave one of them out")
      }
      measures.append(
        EdgeMeasure(
          custom.name,
          length: custom.isByLength ? .length : custom.isByInverseLength ? .inverse : .none,
          values: custom.file.map { index(of: $0) }, isPerNodeVolume: custom.isByInverseNodeVolume,
          statistic: custom.statistic ?? .sum))
    }
    if measures.isEmpty { measures = [EdgeMeasure("count")] }
    let names = measures.map { $0.name }
    guard Set(names).count == names.count else {
      throw UsageError(
        "--measure", "two measures have the same name", found: names.joined(separator: ", "),
        remedy: "leave one of them out, or rename its file")
    }
    return (measures, paths)
  }

  private func targets(_ measures: [EdgeMeasure], _ names: [String]) throws -> [Target] {
    let isSingle = measures.count * names.count == 1
    let ending = OutputName.ending(of: command.output)
    let known = MatrixFormat(rawValue: ending)
    guard let format = command.format ?? (isSingle ? known : .csv) else {
      throw UsageError(
        "--output", "the ending stands for no format of matrices", found: command.output,
        expected: MatrixFormat.allCases.map { ".\($0.rawValue)" }.joined(separator: ", "),
        remedy: "add --format")
    }
    if command.isVector, format != .csv, format != .txt {
      throw UsageError(
        "--vector", "a vector is written as csv or txt", found: format.rawValue,
        remedy: "choose --format csv")
    }
    if isSingle {
      return [Target(parcellation: 0, measure: 0, path: command.output, format: format)]
    }
    if let known {
      throw UsageError(
        "--output", "several matrices go into a folder", found: command.output,
        remedy: "leave .\(known.rawValue) out, and say --format \(known.rawValue)")
    }
    return names.indices.flatMap { parcellation in
      measures.indices.map { measure in
        Target(
          parcellation: parcellation, measure: measure,
          path: "\(command.output)/\(names[parcellation])_\(measures[measure].name)."
            + format.rawValue,
          format: format)
      }
    }
  }

  private func checkOutputs(_ targets: [Target]) throws {
    for target in targets {
      try WholeFile.checkFree(target.path, replacing: command.replacing)
      try WholeFile.checkFree(sidecar(of: target.path), replacing: command.replacing)
    }
    if targets.count > 1, try OutputFolder.isFile(command.output) {
      throw VolumeError(
        .alreadyExists, path: command.output,
        "several matrices go into a folder, and this is a file",
        remedy: "choose another output")
    }
  }

  private func sidecar(of path: String) -> String {
    let ending = OutputName.ending(of: path)
    return (ending.isEmpty ? path : String(path.dropLast(ending.utf8.count + 1))) + ".json"
  }

  private func assignmentFiles(_ names: [String]) throws -> [AssignmentFile] {
    guard let path = command.assignments else { return [] }
    if names.count > 1 { try OutputFolder.create(path) }
    return try names.map { name in
      try AssignmentFile(
        path: names.count > 1 ? "\(path)/\(name)_assignments.txt" : path,
        replacing: command.replacing, comment: history)
    }
  }

  private var history: String {
    let words = [context.tool] + context.arguments
    let text = words.map { $0.contains(where: \.isWhitespace) ? "'\($0)'" : $0 }
      .joined(separator: " ")
    return "\(text)  (version=\(context.version))"
  }

  // MARK: What is written

  private func description(
    _ reader: any StreamlineReader, _ paths: [String]
  ) throws -> JSONObject {
    var inputs: JSONObject = [:]
    let digest = try reader.digest ?? contentDigest(of: command.streamlines)
    inputs[command.streamlines] = .string("xxh3-128:\(digest)")
    let others =
      command.parcellations + paths + [command.weights, command.labels].compactMap { $0 }
    for path in others where path != "-" {
      inputs[path] = .string("xxh3-128:\(try contentDigest(of: path))")
    }
    var object: JSONObject = [
      "Command": .string(([context.tool] + context.arguments).joined(separator: " ")),
      "Version": .string("\(context.tool) \(context.version)"), "Inputs": .object(inputs),
      "Assignment": .string(command.assignment.rawValue),
      "Symmetric": .bool(command.shape.isSymmetric),
      "ZeroDiagonal": .bool(command.shape.hasZeroDiagonal),
      "KeepsUnassigned": .bool(command.shape.keepsUnassigned),
    ]
    switch try command.assignment.rule(radius: command.radius) {
    case .radial(let radius), .forward(let radius), .reverse(let radius):
      object["RadiusMillimetres"] = .number(radius)
    case .endVoxels, .allVoxels: break
    }
    return object
  }

  private func write(
    _ target: Target, _ sums: ConnectomeSums, _ parcellation: Parcellation, _ table: LabelTable?,
    _ metadata: JSONObject
  ) throws {
    var metadata = metadata
    metadata["Measure"] = .string(sums.measures[target.measure].name)
    metadata["Parcellation"] = .string(parcellation.path)
    metadata["UnassignedShare"] = .number(sums.unassignedShare)
    metadata["AssignedBothEnds"] = .integer(Int64(sums.assigned.both))
    metadata["MissingLabels"] = .array(
      parcellation.image.missingLabels.map { .integer(Int64($0)) })
    let names = table?.names ?? [:]
    let first = command.shape.keepsUnassigned ? 0 : 1
    metadata["Nodes"] = .array(
      (first..<max(first, parcellation.image.nodeCount + 1)).map { label in
        .object(["label": .integer(Int64(label)), "name": .string(names[label] ?? "")])
      })
    let contents: [UInt8]
    if command.isVector {
      let values = sums.vector(target.measure, keepsUnassigned: command.shape.keepsUnassigned)
      contents =
        Array("# command_history: \(history)\n".utf8)
        + MatrixText.row(values, delimiter: target.format == .txt ? " " : ",")
    } else {
      var matrix = sums.matrix(target.measure, shape: command.shape, names: names)
      matrix.metadata = metadata
      contents = target.format.contents(of: matrix)
    }
    try WholeFile.write(contents, to: target.path, replacing: command.replacing)
    let text = try JSONValue.object(metadata).encoded(pretty: true)
    try WholeFile.write(text, to: sidecar(of: target.path), replacing: command.replacing)
  }

  // MARK: What is said

  private func noteMissing(_ parcellation: Parcellation, _ table: LabelTable?) {
    let missing = parcellation.image.missingLabels
    guard !missing.isEmpty else { return }
    let names = table?.names ?? [:]
    let list = missing.prefix(20).map { names[$0].map { name in "\(name)" } ?? "\($0)" }
    context.warn(
      "\(parcellation.path): no voxel has label \(list.joined(separator: ", "))"
        + (missing.count > 20 ? " and \(missing.count - 20) more" : "")
        + "; their rows and columns are 0")
  }

  private func report(_ parcellation: Parcellation, _ sums: ConnectomeSums) {
    let share = (sums.unassignedShare * 1000).rounded() / 10
    context.note(
      "\(parcellation.name): \(parcellation.image.nodeCount) nodes, \(sums.streamlineCount) "
        + "streamlines, \(share) % unassigned")
    let unreached = sums.unreachedLabels
    if !unreached.isEmpty, !command.isVector {
      let list = unreached.prefix(20).map { "\($0)" }.joined(separator: ", ")
      context.note(
        "\(parcellation.name): no streamline reaches \(list)"
          + (unreached.count > 20 ? " and \(unreached.count - 20) more" : ""))
    }
  }
}

/// Folders that hold outputs.
enum OutputFolder {
  /// Creates a folder where there is none.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  static func create(_ path: String) throws(VolumeError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw VolumeError(
        .inputOutput, path: path, "cannot create the folder",
        remedy: "choose an output in a folder that can be written", cause: error)
    }
  }

  /// Whether a path is that of a file.
  static func isFile(_ path: String) throws(VolumeError) -> Bool {
    try FileStatus(path)?.isRegularFile ?? false
  }
}
