import Codecs

/// The contents of files of matrices.
public enum MatrixText {
  /// Rows of values with 15 significant digits, without names, as MRtrix3 writes them.
  public static func rows(_ matrix: ConnectomeMatrix, delimiter: String = ",") -> [UInt8] {
    var bytes: [UInt8] = []
    for row in 0..<matrix.count {
      append(matrix.row(row), delimiter: delimiter, to: &bytes)
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes
  }

  /// One row of values, as MRtrix3 writes it.
  public static func row(_ values: [Double], delimiter: String = ",") -> [UInt8] {
    var bytes: [UInt8] = []
    append(values[...], delimiter: delimiter, to: &bytes)
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }

  private static func append(
    _ values: ArraySlice<Double>, delimiter: String, to bytes: inout [UInt8]
  ) {
    let mark = Array(delimiter.utf8)
    for (index, value) in values.enumerated() {
      if index > 0 { bytes.append(contentsOf: mark) }
      if value == 0 {
        bytes.append(UInt8(ascii: "0"))
      } else {
        bytes += Array(DecimalText.text(value).utf8)
      }
    }
  }

  /// A table divided by tabs, with the nodes' names in the first row and the first column.
  ///
  /// Source: BIDS extension proposal 17, `relmat.tsv`.
  public static func table(_ matrix: ConnectomeMatrix) -> [UInt8] {
    let names = matrix.nodes.map { clean($0.title) }
    var bytes = Array((["node"] + names).joined(separator: "\t").utf8) + [UInt8(ascii: "\n")]
    for (row, name) in names.enumerated() {
      bytes += Array("\(name)\t".utf8)
      for (column, value) in matrix.row(row).enumerated() {
        if column > 0 { bytes.append(UInt8(ascii: "\t")) }
        bytes += Array((value.isNaN ? "n/a" : DecimalText.text(value)).utf8)
      }
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes
  }

  /// A list of the connections that are not 0, each pair once: two labels, two names and the value,
  /// divided by tabs.
  public static func edges(_ matrix: ConnectomeMatrix) -> [UInt8] {
    var text = "source\ttarget\tsource_name\ttarget_name\tweight\n"
    forEachEdge(matrix) { row, column, value in
      let (first, second) = (matrix.nodes[row], matrix.nodes[column])
      text +=
        "\(first.label)\t\(second.label)\t\(clean(first.title))\t\(clean(second.title))\t"
        + "\(DecimalText.text(value))\n"
    }
    return Array(text.utf8)
  }

  /// A graph with a node for each region and an edge for each connection that is not 0.
  ///
  /// Source: GraphML primer, <http://graphml.graphdrawing.org/primer/graphml-primer.html>.
  public static func graphML(_ matrix: ConnectomeMatrix) -> [UInt8] {
    var text = """
      <?xml version="1.0" encoding="UTF-8"?>
      <graphml xmlns="http://graphml.graphdrawing.org/xmlns">
        <key id="label" for="node" attr.name="label" attr.type="int"/>
        <key id="name" for="node" attr.name="name" attr.type="string"/>
        <key id="weight" for="edge" attr.name="weight" attr.type="double"/>

      """
    for name in matrix.metadata.keys.sorted() {
      guard let value = matrix.metadata[name]?.string else { continue }
      text += "  <desc>\(XMLText.escaped("\(name): \(value)"))</desc>\n"
    }
    text += "  <graph edgedefault=\"undirected\">\n"
    for node in matrix.nodes {
      text +=
        "    <node id=\"n\(node.label)\"><data key=\"label\">\(node.label)</data>"
        + "<data key=\"name\">\(XMLText.escaped(node.title))</data></node>\n"
    }
    forEachEdge(matrix) { row, column, value in
      text +=
        "    <edge source=\"n\(matrix.nodes[row].label)\" target=\"n\(matrix.nodes[column].label)\">"
        + "<data key=\"weight\">\(DecimalText.text(value))</data></edge>\n"
    }
    return Array((text + "  </graph>\n</graphml>\n").utf8)
  }

  /// A NumPy array of 64-bit floats, (row, column).
  ///
  /// Source: NumPy Enhancement Proposal 1, version 1.0.
  public static func numPy(_ matrix: ConnectomeMatrix) -> [UInt8] {
    var bytes = numPyHeader(matrix.count)
    for value in matrix.values {
      var bits = value.bitPattern
      for _ in 0..<8 {
        bytes.append(UInt8(truncatingIfNeeded: bits))
        bits >>= 8
      }
    }
    return bytes
  }

  /// What stands before the values of a square array of 64-bit floats.
  static func numPyHeader(_ count: Int) -> [UInt8] {
    var header = "{'descr': '<f8', 'fortran_order': False, 'shape': (\(count), \(count)), }"
    header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
    let length = header.utf8.count
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
      + Array(header.utf8)
  }

  /// Goes over the connections that are not 0, each pair once.
  private static func forEachEdge(
    _ matrix: ConnectomeMatrix, _ body: (_ row: Int, _ column: Int, _ value: Double) -> Void
  ) {
    for row in 0..<matrix.count {
      for column in row..<matrix.count {
        let value = matrix[row, column]
        if value != 0, !value.isNaN { body(row, column, value) }
      }
    }
  }

  /// A name that cannot be taken for several fields.
  private static func clean(_ name: String) -> String {
    String(name.map { $0 == "\t" || $0.isNewline ? " " : $0 })
  }
}
