import Connectomes
import TestSupport
import Testing

@Suite struct MatrixParsingTests {
  private func parse(
    _ text: String, _ format: ParsedMatrix.Format = .table, weight: String = "weight"
  ) throws -> ParsedMatrix {
    try ParsedMatrix(parsing: Array(text.utf8), as: format, weight: weight)
  }

  @Test(
    arguments: [
      "0,1.5,2\n0,0,-3e2\n0,0,0\n", "# a comment\n0 1.5 2\n0 0 -3e2\n0 0 0\n",
      "0\t1.5\t2\r\n0\t0\t-3e2\r\n0\t0\t0\r\n", "0, 1.5, 2,\n0, 0, -300,\n0, 0, 0,\n",
      "0;1.5;2\n\n0;0;-3e2\n0;0;0",
    ])
  func `numbers are read whatever divides them`(text: String) throws {
    let parsed = try parse(text)
    #expect(parsed.values == [0, 1.5, 2, 0, 0, -300, 0, 0, 0])
    #expect(parsed.nodes.map(\.label) == [1, 2, 3])
    #expect(parsed.triangles == .one)
    #expect(
      parsed.symmetric(joining: nil)?.values == [0, 1.5, 2, 1.5, 0, -300, 2, -300, 0])
  }

  @Test(
    arguments: [
      "node\ta\tb c\na\t0\t1\nb c\t1\t0\n", "\"a\",\"b c\"\n0,1\n1,0\n", "a,0,1\nb c,1,0\n",
      ",a,b c\na,0,1\nb c,1,0\n",
    ])
  func `names above or before the numbers are read`(text: String) throws {
    let parsed = try parse(text)
    #expect(parsed.nodes.map(\.name) == ["a", "b c"])
    #expect(parsed.values == [0, 1, 1, 0])
    #expect(parsed.triangles == .equal)
  }

  @Test func `numbers may be names beside a corner that is none`() throws {
    #expect(try parse("node,7,9\n7,0,1\n9,1,0\n").nodes.map(\.name) == ["7", "9"])
    #expect(throws: MatrixParsingError.self) { try parse("7,9\n0,1\n1,0\n") }
    #expect(throws: MatrixParsingError.self) { try parse("7,0,1\n9,1,0\n") }
  }

  @Test(
    arguments: [
      "", "0,1\n1\n", "0,1,2\n1,0,2\n", "0,nan\nnan,0\n", "0,inf\n1,0\n", "0,x\n1,0\n",
      "0,n/a\n1,0\n", "a,b,c\n0,1\n1,0\n",
    ])
  func `tables that are no matrix are refused`(text: String) {
    #expect(throws: MatrixParsingError.self) { try parse(text) }
  }

  @Test func `triangles that differ need a rule`() throws {
    let parsed = try parse("0,2\n6,0\n")
    #expect(parsed.triangles == .different)
    #expect(parsed.symmetric(joining: nil) == nil)
    #expect(parsed.symmetric(joining: .mean)?.values == [0, 4, 4, 0])
    #expect(parsed.symmetric(joining: .sum)?.values == [0, 8, 8, 0])
    #expect(parsed.symmetric(joining: .max)?.values == [0, 6, 6, 0])
    #expect(parsed.directed.values == [0, 2, 6, 0])
  }

  @Test func `lists of connections are read, by numbers or by names`() throws {
    let zero = try parse("0 2 1.5\n2 3 1\n", .edgeList)
    #expect(zero.count == 4 && zero.values[2] == 1.5 && zero.values[2 * 4 + 3] == 1)
    #expect(try parse("0 2\n2 1\n", .edgeList).values == [0, 0, 1, 0, 0, 0, 0, 1, 0])
    let one = try parse("source,target,weight\n1,3,2\n1,3,2\n", .edgeList)
    #expect(one.count == 3 && one.values[2] == 4)
    let named = try parse("b a 1\na c 2\n", .edgeList)
    #expect(named.nodes.map(\.name) == ["b", "a", "c"])
    for text in ["0\n", "0 1 2 3\n", "0 1 1\n0 1 x\n", "0 1 nan\n", "0 99999999 1\n", ""] {
      #expect(throws: MatrixParsingError.self) { try parse(text, .edgeList) }
    }
  }

  private let graphML = """
    <?xml version="1.0"?><!-- a <comment> -->
    <graphml xmlns="http://graphml.graphdrawing.org/xmlns">
      <key id="d0" for="edge" attr.name="weight" attr.type="double"><default>7</default></key>
      <key id="d1" for="node" attr.name="name" attr.type="string"/>
      <key id="d2" for="edge" attr.name="length" attr.type="double"/>
      <graph edgedefault="undirected">
        <node id="x"><data key="d1">A &amp; &#66;</data></node>
        <node id='y'/>
        <node id="3"/>
        <edge source="x" target="y"><data key="d0"> 2.5 </data><data key="d2">40</data></edge>
        <edge source="3" target="y"><data key="d2"><![CDATA[50]]></data></edge>
      </graph>
    </graphml>
    """

  @Test func `GraphML is read with names, defaults and the chosen numbers`() throws {
    let parsed = try parse(graphML, .graphML)
    #expect(parsed.nodes.map(\.title) == ["A & B", "y", "3"])
    #expect(parsed.values == [0, 2.5, 0, 2.5, 0, 7, 0, 7, 0])
    #expect(parsed.isDirected == false)
    #expect(try parse(graphML, .graphML, weight: "length").values[1] == 40)
    let directed = try parse(graphML.replacing("undirected", with: "directed"), .graphML)
    #expect(directed.values == [0, 2.5, 0, 0, 0, 0, 0, 7, 0] && directed.isDirected == true)
  }

  @Test(
    arguments: [
      ("</graph>", ""), ("target=\"y\"", "target=\"z\""), (" 2.5 ", "two"), ("id='y'", "id=\"x\""),
      ("&amp;", "&other;"), ("<node id=\"3\"/>", "<node id=3/>"),
      ("<graphml", "<!DOCTYPE a [<!ENTITY b 'c'>]><graphml"),
      ("<data key=\"d1\">", "<data>"), ("</data></node>", "</node>"),
    ])
  func `GraphML that is not sound is refused`(part: String, other: String) {
    // A name without its key is no fault: the identifier stands for it.
    if other == "<data>" {
      #expect(throws: Never.self) { try parse(graphML.replacing(part, with: other), .graphML) }
    } else {
      #expect(throws: MatrixParsingError.self) {
        try parse(graphML.replacing(part, with: other), .graphML)
      }
    }
  }

  @Test func `numbers of an edge that is not there are named`() {
    #expect(throws: MatrixParsingError.self) { try parse(graphML, .graphML, weight: "fa") }
  }

  private func numPy(_ header: String, _ body: [UInt8]) -> [UInt8] {
    [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + body
  }

  @Test func `NumPy arrays are read in their types and orders`() throws {
    func read(_ type: String, _ order: String, _ body: [UInt8]) throws -> [Double] {
      let header = "{'descr': '\(type)', 'fortran_order': \(order), 'shape': (2, 2), }"
      return try ParsedMatrix(parsing: numPy(header, body), as: .numPy).values
    }
    #expect(try read("|u1", "False", [0, 1, 2, 3]) == [0, 1, 2, 3])
    #expect(try read("|u1", "True", [0, 1, 2, 3]) == [0, 2, 1, 3])
    #expect(try read(">i2", "False", [0, 0, 0, 1, 255, 254, 1, 0]) == [0, 1, -2, 256])
    let floats = [0, 1.5, -2, 3].flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: Float(value).bitPattern >> (8 * $0)) }
    }
    #expect(try read("<f4", "False", floats) == [0, 1.5, -2, 3])
    #expect(throws: MatrixParsingError.self) { try read("<f4", "False", Array(floats.dropLast())) }
    #expect(throws: MatrixParsingError.self) { try read("<c8", "False", floats + floats) }
    for shape in ["(4,)", "(2, 3)", "(2, 2, 1)", "(99999999999, 99999999999)", "(0, 0)", "(x)"] {
      let header = "{'descr': '|u1', 'fortran_order': False, 'shape': \(shape), }"
      #expect(throws: MatrixParsingError.self) {
        try ParsedMatrix(parsing: numPy(header, [0, 1, 2, 3]), as: .numPy)
      }
    }
    for count in [0, 5, 9, 11] {
      let whole = numPy(
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), }", [0, 1, 2, 3])
      #expect(throws: MatrixParsingError.self) {
        try ParsedMatrix(parsing: Array(whole.prefix(count)), as: .numPy)
      }
    }
  }

  @Test func `what is written is read again`() throws {
    let matrix = ConnectomeMatrix(
      nodes: [
        ConnectomeNode(label: 1, name: "ctx-lh-a"), ConnectomeNode(label: 2, name: "b & <c>"),
        ConnectomeNode(label: 3, name: "d"),
      ], values: [0, 0.1, 0, 0.1, 0, 1 / 3.0, 0, 1 / 3.0, 4], isSymmetric: true)
    let files: [(String, [UInt8])] = [
      ("a.csv", MatrixText.rows(matrix)), ("a.tsv", MatrixText.table(matrix)),
      ("a.npy", MatrixText.numPy(matrix)), ("a.graphml", MatrixText.graphML(matrix)),
      ("a.edges", MatrixText.edges(matrix)), ("a.txt", MatrixText.rows(matrix, delimiter: " ")),
    ]
    for (name, bytes) in files {
      let parsed = try ParsedMatrix(parsing: bytes, as: ParsedMatrix.format(of: name, bytes))
      let read = try #require(parsed.symmetric(joining: nil))
      for (first, second) in zip(read.values, matrix.values) {
        #expect(abs(first - second) < 1e-14, "\(name)")
      }
      if ["a.tsv", "a.graphml", "a.edges"].contains(name) {
        #expect(read.nodes.map(\.title) == matrix.nodes.map(\.title), "\(name)")
      }
    }
  }

  @Test(
    .enabled(if: shared != nil, "the shared data are absent"),
    arguments: ["enigma_hcp68_struct", "tractor68_nStreamlines", "wm2gm_fs84_count"])
  func `the same graph is read from its table, its GraphML and its list`(name: String) throws {
    let base = "\(shared ?? "")/data/dti/reference/graph/\(name)"
    func read(_ ending: String) throws -> ConnectomeMatrix {
      let bytes = contents(of: base + ending)
      let parsed = try ParsedMatrix(parsing: bytes, as: ParsedMatrix.format(of: ending, bytes))
      return try #require(parsed.symmetric(joining: nil)).withoutDiagonal()
    }
    let table = try read(".csv")
    #expect(try read(".graphml").values == table.values)
    let list = try read(".edgelist")
    #expect(list.count <= table.count)
    for row in 0..<list.count {
      for column in 0..<list.count { #expect(list[row, column] == table[row, column]) }
    }
  }
}
