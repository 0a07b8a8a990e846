import Connectomes
import TestSupport
import Testing
import Voxels

/// A row of voxels of 1 mm along x.
private func row(_ labels: [UInt32], flipped: Bool = false) throws -> NodeImage {
  var volume = Volume<UInt32>(
    box: VoxelBox(origin: .zero, extent: VoxelExtent(z: 1, y: 1, x: labels.count)))
  var target = volume.mutableRow(z: 0, y: 0)
  for (index, label) in labels.enumerated() {
    target[flipped ? labels.count - 1 - index : index] = label
  }
  let x = flipped ? [-1.0, 0, 0, Double(labels.count - 1)] : [1.0, 0, 0, 0]
  let transform = ScannerTransform(rows: [x, [0, 1, 0, 0], [0, 0, 1, 0]])
  return NodeImage(
    volume, grid: try #require(VoxelGrid(extent: volume.extent, transform: transform)))
}

private func ends(
  _ image: NodeImage, _ rule: AssignmentRule, _ xs: [Float]
) -> [UInt32] {
  let positions: [Float] = xs.flatMap { x -> [Float] in [x, 0, 0] }
  var search = ForwardSearch()
  let found = NodeAssigner(image: image, rule: rule).ends(
    of: positions.span, 0..<xs.count, search: &search)
  return [found.start, found.end]
}

@Suite struct `Node assignment` {
  @Test(arguments: [false, true])
  func `radial search takes the nearest centre, nearer than the radius`(_ flipped: Bool) throws {
    let image = try row([1, 0, 0, 0, 0, 2], flipped: flipped)
    #expect(ends(image, .radial(2), [1.9, 3.1]) == [1, 2])
    // Exactly as far away as the radius is too far.
    #expect(ends(image, .radial(2), [2, 3]) == [0, 0])
    #expect(ends(image, .radial(4), [-3.5, 8.5]) == [1, 2])
    #expect(ends(image, .radial(0.25), [0.3, 5.2]) == [0, 2])
    // Of two equally near the one nearer to the voxel that the point falls to.
    #expect(ends(image, .radial(4), [2.5, 2.5]) == [2, 2])
  }

  @Test(arguments: [false, true])
  func `a point on a face falls away from zero`(_ flipped: Bool) throws {
    let image = try row([1, 2, 3], flipped: flipped)
    #expect(ends(image, .endVoxels, [0.5, 1.5]) == [2, 3])
    #expect(ends(image, .endVoxels, [-0.5, 2.5]) == [0, 0])
    #expect(ends(image, .endVoxels, [-0.4, 2.4]) == [1, 3])
  }

  @Test func `reverse search goes inwards to the middle`() throws {
    let image = try row([0, 0, 1, 0, 2, 0, 0])
    #expect(ends(image, .reverse(0), [0, 1, 2, 3, 4, 5, 6]) == [1, 2])
    #expect(ends(image, .reverse(1.5), [0, 1, 2, 3, 4, 5, 6]) == [0, 0])
    // The middle vertex belongs to the start.
    #expect(ends(image, .reverse(0), [0, 2, 0]) == [1, 0])
  }

  @Test func `forward search looks ahead`() throws {
    let image = try row([1, 0, 0, 0, 0, 0, 2])
    #expect(ends(image, .forward(5), [2, 3, 4]) == [1, 2])
    #expect(ends(image, .forward(1.5), [2, 3, 4]) == [0, 0])
    #expect(ends(image, .forward(5), [4, 3, 2]) == [2, 1])
    // What lies behind does not count.
    #expect(ends(try row([0, 0, 0, 0, 0, 0, 2]), .forward(5), [4, 5]) == [0, 2])
  }

  @Test func `all voxels under the vertices count once`() throws {
    let assigner = NodeAssigner(image: try row([3, 0, 1, 1, 2]), rule: .allVoxels)
    let positions: [Float] = [4, 0, 0, 2, 0, 0, 3, 0, 0, 1, 0, 0, 0, 0, 0, 4, 0, 0, 99, 0, 0]
    var nodes: [UInt32] = [7]
    assigner.allNodes(of: positions.span, 0..<7, into: &nodes)
    #expect(nodes == [1, 2, 3])
    assigner.allNodes(of: positions.span, 0..<0, into: &nodes)
    #expect(nodes.isEmpty)
  }

  @Test(arguments: [AssignmentRule.radial(4), .endVoxels, .reverse(0), .forward(5)])
  func `streamlines without points, with one, or with points that are no numbers, do not matter`(
    _ rule: AssignmentRule
  ) throws {
    let image = try row([1, 0, 0])
    #expect(ends(image, rule, []) == [0, 0])
    #expect(ends(image, rule, [0])[0] == 1)
    #expect(ends(image, rule, [.nan, .infinity]) == [0, 0])
    #expect(ends(image, rule, [-1e30, 1e30]) == [0, 0])
    #expect(ends(image, rule, [0, 0, 0])[0] == 1)
  }

  @Test func `radial search finds what a search of all voxels finds`() throws {
    var generator = SeededGenerator(seed: 11)
    let extent = VoxelExtent(z: 9, y: 8, x: 11)
    var volume = Volume<UInt32>(box: VoxelBox(origin: .zero, extent: extent))
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        for x in 0..<extent.x where UInt64.random(in: 0..<12, using: &generator) == 0 {
          volume[VoxelPosition(z: z, y: y, x: x)] = UInt32.random(in: 1...5, using: &generator)
        }
      }
    }
    let transform = ScannerTransform(rows: [[0, -1.5, 0, 4], [0, 0, 2, -3], [1.25, 0, 0, 1]])
    let grid = try #require(VoxelGrid(extent: extent, transform: transform))
    let assigner = NodeAssigner(image: NodeImage(volume, grid: grid), rule: .radial(3))
    var search = ForwardSearch()
    for _ in 0..<300 {
      let voxel = SIMD3(
        Double.random(in: -3..<14, using: &generator), .random(in: -3..<11, using: &generator),
        .random(in: -3..<12, using: &generator))
      let point = transform.apply(voxel)
      let positions = [Float(point.x), Float(point.y), Float(point.z)]
      let place = SIMD3(Double(positions[0]), Double(positions[1]), Double(positions[2]))
      var (least, expected) = (3.0, UInt32(0))
      for z in 0..<extent.z {
        for y in 0..<extent.y {
          for x in 0..<extent.x where volume[VoxelPosition(z: z, y: y, x: x)] != 0 {
            let step = transform.apply(SIMD3(Double(x), Double(y), Double(z))) - place
            let distance = (step * step).sum().squareRoot()
            if distance < least {
              (least, expected) = (distance, volume[VoxelPosition(z: z, y: y, x: x)])
            }
          }
        }
      }
      #expect(
        assigner.ends(of: positions.span, 0..<1, search: &search).start == expected, "\(voxel)")
    }
  }

  @Test func `sums follow their definitions`() throws {
    let image = try row([1, 2, 2, 0, 4])
    let measures =
      EdgeMeasure.named + [
        EdgeMeasure("mean_value", values: 0, statistic: .mean)
      ]
    var sums = ConnectomeSums(measures: measures, image: image)
    sums.add(start: 2, end: 1, StreamlineFacts(length: 10, weight: 0.5, values: [4]))
    sums.add(start: 1, end: 2, StreamlineFacts(length: 5, weight: 1.5, values: [8]))
    sums.add(start: 0, end: 4, StreamlineFacts(length: 1, weight: 1, values: [9]))
    func value(_ name: String) -> Double {
      let index = measures.firstIndex { $0.name == name } ?? 0
      return sums.matrix(index)[0, 1]
    }
    #expect(value("count") == 2)
    #expect(value("mean_length") == (5 + 7.5) / 2)
    #expect(value("sum_length") == 12.5)
    #expect(value("min_length") == 5)
    #expect(value("max_length") == 10)
    #expect(value("sum_inverse_length") == Double(Float(0.1)) * 0.5 + Double(Float(0.2)) * 1.5)
    #expect(value("sum_inverse_node_volume") == 2 * Double(Float(2.0 / 3)))
    #expect(value("density") == 2 / 2.0.squareRoot())
    #expect(value("mean_value") == (2 + 12) / 2)
    let count = sums.matrix(0, shape: MatrixShape(isSymmetric: true, keepsUnassigned: true))
    #expect(count.count == 5)
    #expect(count[0, 4] == 1 && count[4, 0] == 1 && count[2, 1] == 2 && count[3, 3] == 0)
    let least = measures.firstIndex { $0.name == "min_length" } ?? 0
    #expect(sums.matrix(least)[0, 0].isNaN && sums.matrix(least)[1, 0] == 0)
    #expect(sums.matrix(least)[2, 2].isNaN)
    #expect(sums.streamlineCount == 3 && sums.assigned == (one: 3, both: 2))
    #expect(image.missingLabels == [3])
  }

  @Test func `tables of labels are told apart`() throws {
    let tables = [
      "#No. Label\n1 A-b 1 2 3 0\n2 C 4 5 6 0\n", "1 A-b\n2 C\n", "a A-b 1\nc C 2\n",
      "1 a A-b 1 2 3 255\n2 c C 4 5 6 255\n",
      "1 1 2 3 1 1 1 \"A-b\"\n2 4 5 6 1 1 1 \"C\"\n", "index\tname\n1\tA-b\n2\tC\n",
      "name\tindex\tcolor\r\nA-b\t1\t#010203\r\nC\t2\t#040506\r\n",
    ]
    for text in tables {
      let table = try LabelTable(parsing: text)
      #expect(table.names == [1: "A-b", 2: "C"], "\(text)")
    }
    #expect(throws: LabelTable.Fault.self) { try LabelTable(parsing: "1 A\n1 B\n") }
    #expect(throws: LabelTable.Fault.self) { try LabelTable(parsing: "A\n") }
  }

  @Test func `labels are matched by name, and the thalamus by all of its`() throws {
    let old = try LabelTable(parsing: "10 Left-Thalamus\n7 A\n8 A\n9 X\n")
    let new = try LabelTable(parsing: "0 Unknown\n1 A\n2 Left-Thalamus-Proper\n3 B\n")
    let conversion = LabelConversion(from: old, to: new)
    #expect(conversion.labels == [7: 1, 8: 1, 10: 2])
    #expect(conversion.unmatchedNames == ["B"])
  }

  @Test func `files of matrices hold what they should`() {
    var matrix = ConnectomeMatrix(
      nodes: [ConnectomeNode(label: 1, name: "a<b"), ConnectomeNode(label: 2)],
      values: [0, 0.5, 0, .nan], isSymmetric: false)
    matrix.metadata = [:]
    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    #expect(text(MatrixText.rows(matrix)) == "0,0.5\n0,nan\n")
    #expect(text(MatrixText.table(matrix)) == "node\ta<b\t2\na<b\t0\t0.5\n2\t0\tn/a\n")
    #expect(
      text(MatrixText.edges(matrix))
        == "source\ttarget\tsource_name\ttarget_name\tweight\n1\t2\ta<b\t2\t0.5\n")
    #expect(text(MatrixText.graphML(matrix)).contains("<data key=\"name\">a&lt;b</data>"))
    let array = MatrixText.numPy(matrix)
    #expect((array.count - 32) % 64 == 0)
    #expect(matrix.symmetrized()[1, 0] == 0.5)
  }
}
