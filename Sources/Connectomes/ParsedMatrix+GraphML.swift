extension ParsedMatrix {
  /// Reads the first graph of a GraphML document.
  ///
  /// Nodes are those that are listed, in their order; their names are the first of `name`, `label`
  /// and `dn_name` that they have, else their identifiers. Parallel edges are added.
  ///
  /// Source: GraphML Specification 1.0, <http://graphml.graphdrawing.org/specification.html>.
  static func graphML(
    _ bytes: [UInt8], weight: String
  ) throws(MatrixParsingError) -> ParsedMatrix {
    var scanner = XMLScanner(bytes)
    var document = GraphMLDocument()
    while let token = try scanner.next() {
      if try !document.take(token) { break }
    }
    return try document.matrix(weight: weight)
  }
}

/// What is gathered of a GraphML document.
private struct GraphMLDocument {
  private struct Key {
    var name: String
    var standard: String?
    var isOfEdges: Bool
  }

  private struct Item {
    var attributes: [String: String]
    var data: [String: String] = [:]
  }

  private var keys: [String: Key] = [:]
  private var nodes: [Item] = []
  private var edges: [Item] = []
  private var isDirected: Bool?
  private var isInGraph = false
  private var isNode = false
  private var dataKey: String?
  private var lastKey: String?

  /// Takes up a part; false once the graph is complete.
  mutating func take(_ token: XMLScanner.Token) throws(MatrixParsingError) -> Bool {
    switch token {
    case .start(let name, let attributes): try start(name, attributes)
    case .text(let text):
      if let key = dataKey, isNode, !nodes.isEmpty {
        nodes[nodes.count - 1].data[key, default: ""] += text
      } else if let key = dataKey, !isNode, !edges.isEmpty {
        edges[edges.count - 1].data[key, default: ""] += text
      } else if let key = lastKey {
        let before = keys[key]?.standard ?? ""
        keys[key]?.standard = before + text
      }
    case .end("data"): dataKey = nil
    case .end("default"): lastKey = nil
    case .end("graph"): return false
    default: break
    }
    return true
  }

  private mutating func start(
    _ name: String, _ attributes: [String: String]
  ) throws(MatrixParsingError) {
    switch name {
    case "key":
      let id = attributes["id"] ?? ""
      keys[id] = Key(
        name: attributes["attr.name"] ?? id, isOfEdges: attributes["for"] != "node")
      dataKey = nil
      pendingKey = id
    case "default": lastKey = pendingKey
    case "graph":
      guard !isInGraph else { throw MatrixParsingError("graphs within graphs are not read") }
      isInGraph = true
      isDirected = attributes["edgedefault"].map { $0 == "directed" }
    case "node":
      isNode = true
      nodes.append(Item(attributes: attributes))
    case "edge":
      isNode = false
      edges.append(Item(attributes: attributes))
    case "data": dataKey = attributes["key"]
    default: break
    }
  }

  private var pendingKey: String?

  func matrix(weight: String) throws(MatrixParsingError) -> ParsedMatrix {
    guard isInGraph else { throw MatrixParsingError("the document holds no graph") }
    try ParsedMatrix.checkCount(nodes.count)
    var places: [String: Int] = [:]
    for (place, node) in nodes.enumerated() { places[node.attributes["id"] ?? ""] = place }
    guard places.count == nodes.count else {
      throw MatrixParsingError("nodes have no identifier, or several have the same")
    }
    let weightKey = keys.first { $0.value.isOfEdges && $0.value.name == weight }
    let others = keys.values.filter(\.isOfEdges).map(\.name).sorted()
    guard weightKey != nil || others.isEmpty else {
      throw MatrixParsingError(
        "edges have no numbers of this name", found: others.joined(separator: ", "),
        expected: weight, remedy: "choose one of them with --weight")
    }
    var values = [Double](repeating: 0, count: nodes.count * nodes.count)
    let isOneWay = isDirected == true
    for (number, edge) in edges.enumerated() {
      guard let source = places[edge.attributes["source"] ?? ""],
        let target = places[edge.attributes["target"] ?? ""]
      else { throw MatrixParsingError("edge \(number + 1) joins a node that is not listed") }
      var value = 1.0
      if let weightKey {
        let text = (edge.data[weightKey.key] ?? weightKey.value.standard ?? "")
          .filter { !$0.isWhitespace }
        guard let number = Double(text) else {
          throw MatrixParsingError(
            "the \(weight) of edge \(number + 1) is not a number", found: text)
        }
        value = try ParsedMatrix.checked(number, row: source, column: target)
      }
      values[source * nodes.count + target] += value
      if !isOneWay, source != target { values[target * nodes.count + source] += value }
    }
    let nameKeys = ["name", "label", "dn_name"].compactMap { name in
      keys.first { $0.value.name == name }?.key
    }
    let named = nodes.enumerated().map { place, node in
      let name = nameKeys.lazy.compactMap { node.data[$0] }.first
      let id = node.attributes["id"] ?? ""
      return ConnectomeNode(label: place + 1, name: name ?? (Int(id) == nil ? id : ""))
    }
    return ParsedMatrix(nodes: named, values: values, isDirected: isDirected)
  }
}
