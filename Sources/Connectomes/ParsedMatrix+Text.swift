extension ParsedMatrix {
  /// Reads rows of numbers, with names above, before or both where there are such.
  static func table(_ bytes: [UInt8]) throws(MatrixParsingError) -> ParsedMatrix {
    var rows = fields(of: bytes)
    guard let first = rows.first else {
      throw MatrixParsingError("the file holds no numbers")
    }
    try checkCount(rows.count)
    // Names above: a field that is no number, or one row more than columns.
    // Names are told from numbers by being none, or by a corner that is none; a matrix of numbers
    // that is not as wide as high is never taken for one with names.
    let hasCorner = number(first[0]) == nil && first.count == rows.count && rows.count > 1
    let hasHeader =
      !hasCorner && first.count == rows.count - 1 && first.contains { number($0) == nil }
    var names: [String] = []
    if hasCorner || hasHeader {
      names = first.dropFirst(hasCorner ? 1 : 0).map { String($0) }
      rows.removeFirst()
    }
    let isTitled = rows.allSatisfy { $0.count == rows.count + 1 }
    guard isTitled || !hasCorner else {
      throw MatrixParsingError(
        "the first row has a name for every column and one more, but rows have no names",
        found: String(first[0].prefix(40)), expected: "a matrix as wide as high")
    }
    let haveTitles = isTitled && rows.allSatisfy { number($0[0]) == nil }
    if isTitled, hasCorner || hasHeader || haveTitles {
      if names.isEmpty { names = rows.map { String($0[0]) } }
      for row in rows.indices { rows[row].removeFirst() }
    }
    let count = rows.count
    for (number, row) in rows.enumerated() where row.count != count {
      throw MatrixParsingError(
        "row \(number + 1) is not as long as there are rows", found: "\(row.count) numbers",
        expected: "\(count), for a matrix as wide as high")
    }
    var values: [Double] = []
    values.reserveCapacity(count * count)
    for (row, line) in rows.enumerated() {
      for (column, field) in line.enumerated() {
        guard let value = number(field) else {
          throw MatrixParsingError(
            "row \(row + 1), column \(column + 1) is not a number", found: String(field.prefix(40)))
        }
        values.append(try checked(value, row: row, column: column))
      }
    }
    let nodes = (0..<count).map { node in
      ConnectomeNode(label: node + 1, name: names.isEmpty ? "" : names[node])
    }
    return ParsedMatrix(nodes: nodes, values: values)
  }

  /// Reads lines of two nodes and a weight, which is 1 where none stands there.
  ///
  /// A first line may name the columns, `source`, `target`, `weight` and `source_name`,
  /// `target_name` among them. Nodes that are all whole numbers count from 0 where 0 is among them,
  /// else from 1, and none is left out; others are numbered as they come.
  static func edgeList(_ bytes: [UInt8]) throws(MatrixParsingError) -> ParsedMatrix {
    var rows = fields(of: bytes)
    var columns = EdgeColumns(count: rows.first?.count ?? 0)
    if let first = rows.first, let named = EdgeColumns(heading: first) {
      columns = named
      rows.removeFirst()
    } else if let first = rows.first, first.count == 3, number(first[2]) == nil {
      rows.removeFirst()
    }
    var edges: [(source: String, target: String, weight: Double)] = []
    var names: [String: String] = [:]
    for (line, row) in rows.enumerated() {
      guard row.count == columns.count, columns.isNamed || (2...3).contains(row.count) else {
        throw MatrixParsingError(
          "connection \(line + 1) is not one", found: "\(row.count) fields",
          expected: "two nodes and a weight")
      }
      guard let weight = columns.weight.map({ number(row[$0]) }) ?? 1 else {
        throw MatrixParsingError(
          "the weight of connection \(line + 1) is not a number",
          found: columns.weight.map { String(row[$0].prefix(40)) })
      }
      let (source, target) = (String(row[columns.source]), String(row[columns.target]))
      edges.append((source, target, try checked(weight, row: line, column: 2)))
      if let place = columns.sourceName { names[source] = String(row[place]) }
      if let place = columns.targetName { names[target] = String(row[place]) }
    }
    let ends = edges.flatMap { [$0.source, $0.target] }
    let numbers = ends.compactMap { Int($0) }
    var places: [String: Int] = [:]
    let nodes: [ConnectomeNode]
    if numbers.count == ends.count, let least = numbers.min(), let most = numbers.max(), least >= 0
    {
      let base = least == 0 ? 0 : 1
      guard most < mostNodes else {
        throw MatrixParsingError(
          "a node's number is too large", found: "\(most)", expected: "below \(mostNodes)")
      }
      nodes = (base...max(base, most)).map { ConnectomeNode(label: $0, name: names["\($0)"] ?? "") }
      for end in ends { places[end] = (Int(end) ?? 0) - base }
    } else {
      var titles: [String] = []
      for end in ends where places[end] == nil {
        places[end] = titles.count
        titles.append(end)
      }
      nodes = titles.enumerated().map { ConnectomeNode(label: $0 + 1, name: $1) }
    }
    try checkCount(nodes.count)
    var values = [Double](repeating: 0, count: nodes.count * nodes.count)
    for edge in edges {
      if let source = places[edge.source], let target = places[edge.target] {
        values[source * nodes.count + target] += edge.weight
      }
    }
    return ParsedMatrix(nodes: nodes, values: values)
  }

  /// A field as a number, `nan` and `inf` among them.
  private static func number(_ field: Substring) -> Double? { Double(field) }

  /// The fields of each line that is neither empty nor a comment.
  private static func fields(of bytes: [UInt8]) -> [[Substring]] {
    let text = String(decoding: bytes, as: UTF8.self)
    let lines = text.split(whereSeparator: \.isNewline).filter {
      let first = $0.first { !$0.isWhitespace }
      return first != nil && first != "#"
    }
    let divider = [",", ";", "\t"].first { divider in
      lines.first?.contains(divider) ?? false
    }
    return lines.map { line in
      guard let divider else { return line.split(whereSeparator: \.isWhitespace) }
      var fields = line.split(separator: divider, omittingEmptySubsequences: false).map {
        trimmed($0)
      }
      // A divider at the line's end divides nothing.
      if fields.count > 1, fields.last?.isEmpty == true { fields.removeLast() }
      return fields
    }
  }

  /// A field without spaces and quotes around it.
  private static func trimmed(_ field: Substring) -> Substring {
    var field = field.drop { $0.isWhitespace }
    while field.last?.isWhitespace == true { field.removeLast() }
    if field.count > 1, field.first == "\"", field.last == "\"" {
      field = field.dropFirst().dropLast()
    }
    return field
  }
}

/// Where the parts of a connection stand in a line.
private struct EdgeColumns {
  var count: Int
  /// Whether a heading tells them.
  var isNamed = false
  var source = 0, target = 1
  var weight: Int?
  var sourceName: Int?, targetName: Int?

  /// Two nodes and, behind them, a weight.
  init(count: Int) {
    self.count = count
    weight = count > 2 ? 2 : nil
  }

  /// The columns of a heading; nil where a line is none.
  init?(heading: [Substring]) {
    guard let source = heading.firstIndex(of: "source"),
      let target = heading.firstIndex(of: "target")
    else { return nil }
    count = heading.count
    isNamed = true
    self.source = source
    self.target = target
    weight = heading.firstIndex(of: "weight")
    sourceName = heading.firstIndex(of: "source_name")
    targetName = heading.firstIndex(of: "target_name")
  }
}
