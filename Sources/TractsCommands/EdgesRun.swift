import CommandLineInterface
import Connectomes
import StreamlineFormats
import VolumeStore

/// A run of `tracts edges`: the first pass reads the assignments alone and finds what files there
/// are to be; the others each fill as many files as may be open.
struct EdgesRun {
  private let command: EdgesCommand
  private let context: CommandContext
  private let selection: EdgeSelection

  /// The most files that are open at a time.
  private static let mostOpen = 400

  init(_ command: EdgesCommand, _ context: CommandContext) {
    self.command = command
    self.context = context
    selection = command.selection
  }

  func run() throws {
    let isSingle = command.grouping == .single
    if isSingle {
      try WholeFile.checkFree(command.output, replacing: command.writing.replacing)
    } else if try OutputFolder.isFile(command.output) {
      throw VolumeError(
        .alreadyExists, path: command.output, "several files go into a folder, and this is a file",
        remedy: "choose another output")
    }
    let survey = try survey()
    let groups = isSingle ? [.all] : survey.groups
    for group in groups {
      try WholeFile.checkFree(path(of: group), replacing: command.writing.replacing)
    }
    if !isSingle { try OutputFolder.create(command.output) }
    for start in stride(from: 0, to: groups.count, by: Self.mostOpen) {
      let part = Array(groups[start..<min(start + Self.mostOpen, groups.count)])
      let isLast = start + Self.mostOpen >= groups.count
      try fill(part, isPair: survey.isPair, isLast: isLast)
    }
    context.note(
      "\(survey.count) streamlines, \(groups.count) "
        + (groups.count == 1 ? "file" : "files"))
  }

  /// What the assignments say.
  private struct Survey {
    /// The groups that streamlines belong to, in order.
    var groups: [EdgeSelection.Group]
    /// Whether each streamline has two nodes.
    var isPair: Bool
    var count: Int
  }

  private func survey() throws -> Survey {
    var isPair = true
    var counting = try NodeListFile(path: command.assignments)
    var count = 0
    while let nodes = try counting.next() {
      if nodes.count != 2 { isPair = false }
      count += 1
    }
    counting = try NodeListFile(path: command.assignments)
    var (groups, met): (Set<EdgeSelection.Group>, Set<UInt32>) = ([], [])
    while let nodes = try counting.next() {
      groups.formUnion(selection.groups(of: nodes, isPair: isPair))
      met.formUnion(nodes)
    }
    let unmet = (selection.nodes ?? []).subtracting(met).sorted()
    if !unmet.isEmpty {
      context.warn(
        "\(command.assignments): no streamline reaches "
          + unmet.prefix(20).map { "\($0)" }.joined(separator: ", "))
    }
    let sorted = groups.sorted { Self.rank($0) < Self.rank($1) }
    return Survey(groups: sorted, isPair: isPair, count: count)
  }

  private static func rank(_ group: EdgeSelection.Group) -> (UInt32, UInt32) {
    switch group {
    case .edge(let one, let other): (one, other)
    case .node(let node): (node, 0)
    case .all: (0, 0)
    }
  }

  private func path(of group: EdgeSelection.Group) -> String {
    switch group {
    case .edge(let one, let other):
      "\(command.output)/\(one)-\(other).\(command.format.rawValue)"
    case .node(let node): "\(command.output)/\(node).\(command.format.rawValue)"
    case .all: command.output
    }
  }

  /// A file and what it waits for.
  private struct Sink {
    let writer: any StreamlineWriter
    let weights: NumberOutput?
    var indices: [Int] = []
  }

  private func fill(_ groups: [EdgeSelection.Group], isPair: Bool, isLast: Bool) throws {
    let reader = try TractogramFiles.open(command.source)
    let lists = try NodeListFile(path: command.assignments)
    let weights = try command.weights.map { try NumberFile(path: $0) }
    var sinks: [Sink] = []
    var places: [EdgeSelection.Group: Int] = [:]
    for group in groups {
      let path = path(of: group)
      places[group] = sinks.count
      var source = reader.header
      // Groups number the streamlines of the whole file.
      source.groups = [:]
      let list = try weights.map { _ in
        let ending = OutputName.ending(of: path)
        let stem = ending.isEmpty ? path : String(path.dropLast(ending.utf8.count + 1))
        return try NumberOutput("\(stem).csv", replacing: command.writing.replacing)
      }
      sinks.append(
        Sink(
          writer: try command.writing.create(
            path, header: source, changing: [("total_count", nil)],
            sinks.isEmpty && isLast ? context : nil),
          weights: list))
    }
    let progress = context.progress(
      "edges", total: reader.header.streamlineCount ?? 0, unit: .items("streamlines"))
    defer { progress.finish() }
    var batch = StreamlineBatch()
    while try reader.read(into: &batch) {
      try context.checkCancellation()
      let nodes = try lists.next(batch.count)
      let numbers = try weights?.next(batch.count) ?? []
      for (index, nodes) in nodes.enumerated() {
        for group in selection.groups(of: nodes, isPair: isPair) {
          if let place = places[group] { sinks[place].indices.append(index) }
        }
      }
      for place in sinks.indices where !sinks[place].indices.isEmpty {
        let indices = sinks[place].indices
        try sinks[place].writer.write(batch.selecting(indices, reader.header))
        try sinks[place].weights?.append(
          numbers.isEmpty ? [] : indices.map { DecimalText.text(numbers[$0]) })
        sinks[place].indices.removeAll(keepingCapacity: true)
      }
      progress.advance(by: batch.count)
    }
    try lists.finish()
    try weights?.finish()
    for sink in sinks {
      try sink.writer.finish()
      try sink.weights?.finish()
    }
    if isLast { for finding in reader.findings { context.warn("\(command.source): \(finding)") } }
  }
}

extension StreamlineBatch {
  /// Some streamlines, with their values.
  func selecting(_ indices: [Int], _ header: TractogramHeader) -> StreamlineBatch {
    var (points, bounds): ([Float], [Range<Int>]) = ([], [])
    var perPoint = header.perPoint.map { _ in [Float]() }
    for index in indices {
      let range = self.bounds[index]
      let start = points.count / 3
      points += coordinates(of: index)
      bounds.append(start..<start + range.count)
      for (place, column) in header.perPoint.enumerated() {
        let width = column.components
        perPoint[place] += self.perPoint[place][range.lowerBound * width..<range.upperBound * width]
      }
    }
    let perStreamline = zip(header.perStreamline, self.perStreamline).map { column, values in
      indices.flatMap { values[$0 * column.components..<($0 + 1) * column.components] }
    }
    return StreamlineBatch(
      positions: points, bounds: bounds, perStreamline: perStreamline, perPoint: perPoint)
  }
}
