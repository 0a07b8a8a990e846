import Drawing
import Testing

@Suite struct LinePlotTests {
  private let plot = LinePlot(
    title: "Loss & more", xLabel: "steps", yLabel: "loss",
    series: [
      LinePlot.Series("training", (0..<50).map { (Double($0), 1 / Double($0 + 1)) }),
      LinePlot.Series("validation", [(0, 0.9), (25, .nan), (49, 0.2)]),
    ], hasLogarithmicY: true)

  @Test func `a figure is an SVG or PNG file of its size, the same each time`() throws {
    let figure = Figure([plot, plot], width: 400, plotHeight: 200)
    for format in PictureFormat.allCases {
      #expect(try figure.drawn(as: format) == figure.drawn(as: format))
    }
    let svg = String(decoding: try figure.drawn(as: .svg), as: UTF8.self)
    #expect(svg.hasPrefix("<?xml"))
    #expect(svg.contains("viewBox=\"0 0 400 400\""))
    #expect(svg.contains("</svg>"))
    let png = try figure.drawn(as: .png)
    #expect(Array(png[..<8]) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    // Width and height in the first chunk, two pixels to the point.
    #expect(png[16...19].elementsEqual([0, 0, 3, 0x20]))
    #expect(png[20...23].elementsEqual([0, 0, 3, 0x20]))
  }

  @Test func `other values make another picture`() throws {
    var other = plot
    other.series[0].points[7].y = 0.5
    #expect(try Figure([plot]).drawn(as: .svg) != Figure([other]).drawn(as: .svg))
  }

  @Test(arguments: [true, false])
  func `plots without points, of one point or of one value are drawn`(isLogarithmic: Bool) throws {
    for points: [(x: Double, y: Double)] in [
      [], [(3, 0)], [(0, -1)], [(1, 1), (2, 1)], [(.nan, 1)], [(0, 1e-300), (1, 1e300)],
      [(1e9, 1e-12), (1e9, 2e-12)],
    ] {
      let plot = LinePlot(
        series: [LinePlot.Series("x", points)], hasLogarithmicY: isLogarithmic)
      #expect(try !Figure([plot]).drawn(as: .png).isEmpty)
    }
    #expect(try !Figure([]).drawn(as: .svg).isEmpty)
  }
}
