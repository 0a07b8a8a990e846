import Drawing
import Testing

@Suite struct GraphPictureTests {
  private let names = ["a", "b", "c", "d"]
  private let values: [Double] = [0, 1, 20, 0, 1, 0, 3, 0, 20, 3, 0, 400, 0, 0, 400, 0]

  private func heatMap(isLogarithmic: Bool = false) -> HeatMap {
    HeatMap(
      title: "Title", label: "count", values: values, names: names,
      groups: [HeatMap.Group("Left", count: 3), HeatMap.Group("Right", count: 1)],
      isLogarithmic: isLogarithmic)
  }

  private func circle(_ weight: Double = 2) -> Connectogram {
    Connectogram(
      title: "Title", label: "count",
      nodes: [
        Connectogram.Node("a", side: .left), Connectogram.Node("b", side: .right),
        Connectogram.Node("c", side: .middle),
      ], edges: [Connectogram.Edge(0, 1, weight: 1), Connectogram.Edge(1, 2, weight: weight)])
  }

  private let histogram = Histogram(
    title: "Title", xLabel: "degree", yLabel: "nodes", values: [1, 2, 2, 5])

  @Test(arguments: PictureFormat.allCases)
  func `pictures are files of their format, the same each time`(format: PictureFormat) throws {
    let heads: [PictureFormat: [UInt8]] = [
      .svg: Array("<?xml".utf8), .png: [0x89, 0x50, 0x4E, 0x47], .pdf: Array("%PDF-".utf8),
    ]
    func draw() throws -> [[UInt8]] {
      [
        try heatMap().drawn(as: format, width: 320), try circle().drawn(as: format, width: 320),
        try histogram.drawn(as: format),
      ]
    }
    let first = try draw()
    #expect(try draw() == first)
    for bytes in first { #expect(bytes.starts(with: try #require(heads[format]))) }
  }

  @Test func `other values make other pictures`() throws {
    #expect(
      try heatMap().drawn(as: .svg) != heatMap(isLogarithmic: true).drawn(as: .svg))
    #expect(try circle(2).drawn(as: .svg) != circle(-2).drawn(as: .svg))
    var other = histogram
    other.values[3] = 6
    #expect(try other.drawn(as: .svg) != histogram.drawn(as: .svg))
  }

  @Test func `the strongest cell is the darkest`() throws {
    // The two colours of cells at either end of the bar, as cairo writes them.
    let svg = String(decoding: try heatMap().drawn(as: .svg), as: UTF8.self)
    let fills = svg.matches(of: #/rgb\(([0-9.]+)%, ?([0-9.]+)%, ?([0-9.]+)%\)/#).compactMap {
      (Double($0.1) ?? 0) + (Double($0.2) ?? 0) + (Double($0.3) ?? 0)
    }
    #expect((fills.min() ?? 300) < 90)
    #expect(fills.count > 20)
  }

  @Test(arguments: [0, 1, 2, 300])
  func `pictures without values, of one node or of many are drawn`(count: Int) throws {
    let names = (0..<count).map { "node \($0)" }
    for value in [0.0, 1, -1, .nan, .infinity] {
      let map = HeatMap(
        values: [Double](repeating: value, count: count * count), names: names,
        isLogarithmic: value == 1)
      if count < 10 { #expect(try !map.drawn(as: .png, width: 300).isEmpty) }
    }
    for side in [Connectogram.Side.left, .middle] {
      let picture = Connectogram(
        nodes: names.map { Connectogram.Node($0, side: side) },
        edges: count > 1 ? [Connectogram.Edge(0, count - 1, weight: 1)] : [])
      #expect(try !picture.drawn(as: .png, width: 300).isEmpty)
    }
    for hasLogarithmicY in [true, false] {
      let values = (0..<count).map { Double($0 * $0) } + [.nan]
      #expect(
        try !Histogram(values: values, hasLogarithmicY: hasLogarithmicY).drawn(as: .png).isEmpty)
    }
  }

  @Test func `whole numbers are counted one by one, others in steps`() {
    #expect(Histogram(values: [3, 4, 4, 6]).bins.map(\.count) == [1, 2, 0, 1])
    #expect(Histogram(values: [3, 4, 4, 6]).bins.first?.low == 2.5)
    #expect(Histogram(values: [7]).bins.map(\.count) == [1])
    #expect(Histogram(values: []).bins.isEmpty)
    let many = (0..<1000).map { Double($0) * 1.5 }
    let bins = Histogram(values: many).bins
    #expect((5...80).contains(bins.count) && bins.reduce(0) { $0 + $1.count } == 1000)
    let fractions = Histogram(values: many.map { $0 / 7 }).bins
    #expect((5...80).contains(fractions.count))
    #expect(fractions.reduce(0) { $0 + $1.count } == 1000)
  }

  @Test func `a file's name tells its format`() {
    #expect(PictureFormat(fileName: "a/b.PNG") == .png)
    #expect(PictureFormat(fileName: "b.pdf") == .pdf)
    #expect(PictureFormat(fileName: "b.jpg") == nil)
  }
}
