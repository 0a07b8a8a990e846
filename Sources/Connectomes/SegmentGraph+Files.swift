public import Codecs

// The contents of files of graphs of neurons.

extension SegmentGraph {
  /// A line for each connection, and for each region of it where there are regions: `pre`, `post`,
  /// `count`, `size`, `mean_score`, `weight`, `region`; empty where nothing is known.
  ///
  /// - Parameter separator: What divides fields, a comma or a tab.
  /// - Returns: The contents of a file.
  public func table(separator: String = ",") -> [UInt8] {
    let hasRegions = hasRegions
    let names = ["pre", "post", "count", "size", "mean_score", "weight"]
    var text = (names + (hasRegions ? ["region"] : [])).joined(separator: separator) + "\n"
    for edge in edges {
      let parts = hasRegions ? edge.regions : [RegionSums(region: 0, sums: edge.sums)]
      for part in parts {
        let sums = part.sums
        var fields = ["\(segments[edge.source])", "\(segments[edge.target])", "\(sums.count)"]
        fields.append(sums.size.map { DecimalText.shortest($0) } ?? "")
        fields.append(sums.meanScore.map { DecimalText.shortest($0) } ?? "")
        fields.append(DecimalText.shortest(sums.weight(weight)))
        if hasRegions { fields.append("\(part.region)") }
        text += fields.joined(separator: separator) + "\n"
      }
    }
    return Array(text.utf8)
  }

  /// A directed GraphML graph: nodes are called by their segments, `name` too; edges have `weight`, `count`, and
  /// `size` and `mean_score` where they are known.
  ///
  /// Source: GraphML primer, <http://graphml.graphdrawing.org/primer/graphml-primer.html>.
  ///
  /// - Parameter facts: What else is to stand in it, as descriptions; texts alone are taken.
  /// - Returns: The contents of a file.
  public func graphML(facts: JSONObject = [:]) -> [UInt8] {
    var text = """
      <?xml version="1.0" encoding="UTF-8"?>
      <graphml xmlns="http://graphml.graphdrawing.org/xmlns">
        <key id="name" for="node" attr.name="name" attr.type="string"/>
        <key id="weight" for="edge" attr.name="weight" attr.type="double"/>
        <key id="count" for="edge" attr.name="count" attr.type="long"/>
        <key id="size" for="edge" attr.name="size" attr.type="double"/>
        <key id="mean_score" for="edge" attr.name="mean_score" attr.type="double"/>

      """
    for name in facts.keys.sorted() {
      guard let value = facts[name]?.string else { continue }
      text += "  <desc>\(XMLText.escaped("\(name): \(value)"))</desc>\n"
    }
    text += "  <graph edgedefault=\"directed\">\n"
    for segment in segments {
      text += "    <node id=\"\(segment)\"><data key=\"name\">\(segment)</data></node>\n"
    }
    for edge in edges {
      text += "    <edge source=\"\(segments[edge.source])\" target=\"\(segments[edge.target])\">"
      var data = [
        ("weight", DecimalText.shortest(weight(of: edge))), ("count", "\(edge.sums.count)"),
      ]
      if let size = edge.sums.size { data.append(("size", DecimalText.shortest(size))) }
      if let score = edge.sums.meanScore {
        data.append(("mean_score", DecimalText.shortest(score)))
      }
      for (key, value) in data { text += "<data key=\"\(key)\">\(value)</data>" }
      text += "</edge>\n"
    }
    return Array((text + "  </graph>\n</graphml>\n").utf8)
  }

  /// Nodes and edges as lists, as d3 draws them and networkx's `node_link_graph` reads them.
  ///
  /// Segments are texts, since viewers' numbers have 53 bits.
  ///
  /// - Parameters:
  ///   - facts: What is to stand under `graph`: command, version, hashes of the inputs, counts.
  ///   - nodes: What else is known of each node; as many as segments, or none.
  /// - Returns: The contents of a file.
  /// - Throws: `EncodingError` where a number is not finite.
  public func nodeLinkJSON(facts: JSONObject, nodes: [JSONObject] = []) throws -> [UInt8] {
    precondition(nodes.isEmpty || nodes.count == segments.count, "facts are of all nodes or none")
    var bytes = Array("{\n\"directed\": true,\n\"multigraph\": false,\n\"graph\": ".utf8)
    bytes += try JSONValue.object(facts).encoded(pretty: true)
    bytes += Array(",\n\"nodes\": [".utf8)
    for (place, segment) in segments.enumerated() {
      var node = nodes.isEmpty ? [:] : nodes[place]
      node["id"] = .string("\(segment)")
      bytes += Array((place > 0 ? ",\n" : "\n").utf8)
      bytes += try JSONValue.object(node).encoded()
    }
    bytes += Array("\n],\n\"edges\": [".utf8)
    for (place, edge) in edges.enumerated() {
      bytes += Array((place > 0 ? ",\n" : "\n").utf8)
      bytes += try JSONValue.object(members(of: edge)).encoded()
    }
    return bytes + Array("\n]\n}\n".utf8)
  }

  private func members(of edge: Edge) -> JSONObject {
    var members: JSONObject = [
      "source": .string("\(segments[edge.source])"),
      "target": .string("\(segments[edge.target])"),
      "count": .integer(Int64(edge.sums.count)), "weight": .number(weight(of: edge)),
    ]
    members["size"] = edge.sums.size.map { .number($0) }
    members["mean_score"] = edge.sums.meanScore.map { .number($0) }
    if !edge.regions.isEmpty {
      members["regions"] = .object(
        Dictionary(
          uniqueKeysWithValues: edge.regions.map {
            ("\($0.region)", .number($0.sums.weight(weight)))
          }
        ))
    }
    return members
  }

  /// The connections as a matrix of weights, (source, target), in the order of ``segments``.
  ///
  /// - Precondition: There are at most ``ParsedMatrix/mostNodes`` segments.
  public var adjacency: [Double] {
    let count = segments.count
    precondition(count <= ParsedMatrix.mostNodes, "a matrix of so many segments is too large")
    var values = [Double](repeating: 0, count: count * count)
    for edge in edges { values[edge.source * count + edge.target] = weight(of: edge) }
    return values
  }

  /// The places of the matrix's rows and columns, and the segments they stand for.
  public var rowTable: [UInt8] {
    let lines = segments.enumerated().map { "\($0),\($1)\n" }
    return Array(("row,segment\n" + lines.joined()).utf8)
  }

  /// The matrix as a NumPy array of 64-bit floats, given in pieces, so that it is never in memory as
  /// a whole.
  ///
  /// - Parameter body: Takes up each piece in turn.
  /// - Throws: What the body throws.
  public func forEachNumPyPiece<Failure: Error>(
    _ body: (_ piece: [UInt8]) throws(Failure) -> Void
  ) throws(Failure) {
    let count = segments.count
    try body(MatrixText.numPyHeader(count))
    var place = 0
    var row = [Double](repeating: 0, count: count)
    for source in 0..<count {
      let first = place
      while place < edges.count, edges[place].source == source {
        row[edges[place].target] = weight(of: edges[place])
        place += 1
      }
      var bytes: [UInt8] = []
      bytes.reserveCapacity(count * 8)
      for value in row {
        let bits = value.bitPattern
        for byte in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * UInt64(byte)))) }
      }
      for edge in edges[first..<place] { row[edge.target] = 0 }
      try body(bytes)
    }
  }
}
