import Codecs
import CommandLineInterface
import Drawing
import Evaluation
import Segmentation
import Voxels

/// The scores of a segmentation at one threshold of agglomeration after another.
struct ThresholdCurve {
  /// What is made least.
  enum Measure: String, CaseIterable, ArgumentValue {
    case voiSum = "voi-sum"
    case voiSplit = "voi-split"
    case voiMerge = "voi-merge"
    case arand
    case cremiScore = "cremi-score"

    func value(of scores: SegmentationScores) -> Double {
      switch self {
      case .voiSum: scores.information.sum
      case .voiSplit: scores.information.split
      case .voiMerge: scores.information.merge
      case .arand: scores.rand.error
      case .cremiScore: scores.cremiScore
      }
    }
  }

  /// The scores at one threshold.
  struct Point {
    var threshold: Double
    var scores: SegmentationScores
    /// The segments with voxels that count.
    var segmentCount: Int
  }

  /// Where a point stands among curves.
  struct Place: Hashable {
    var curve: Int, point: Int
  }

  /// The watershed's thresholds; nil of supervoxels that are there.
  var watershed: WatershedParameters?
  var points: [Point] = []
  /// What the best agglomeration of the supervoxels would score.
  var ideal: SegmentationScores?

  /// Scores segments at every threshold.
  ///
  /// - Parameters:
  ///   - watershed: The watershed's thresholds; nil of supervoxels that are there.
  ///   - overlaps: The fragments' overlaps with the true objects.
  ///   - thresholds: The costs up to which regions merge.
  ///   - background: What background counts for.
  ///   - segments: The segment of every fragment at a threshold.
  init(
    watershed: WatershedParameters?, overlaps: ContingencyTable, thresholds: [Double],
    background: BackgroundConvention, segments: (Double) -> [UInt64]
  ) {
    self.watershed = watershed
    ideal = SegmentationScores(of: overlaps.joinedIdeally(), convention: background)
    points = thresholds.compactMap { threshold in
      let table = overlaps.relabelled(by: segments(threshold))
      guard let scores = SegmentationScores(of: table, convention: background) else { return nil }
      let count = Set(table.overlaps.map(\.segmentation)).subtracting([0]).count
      return Point(threshold: threshold, scores: scores, segmentCount: count)
    }
  }

  /// The best point of all curves; of equally good ones the first.
  static func best(of curves: [ThresholdCurve], by measure: Measure) -> Place? {
    let places = curves.indices.flatMap { curve in
      curves[curve].points.indices.map { Place(curve: curve, point: $0) }
    }
    return places.min {
      measure.value(of: curves[$0.curve].points[$0.point].scores)
        < measure.value(of: curves[$1.curve].points[$1.point].scores)
    }
  }
}

extension ThresholdCurve {
  /// The curves as a table, and the best thresholds.
  static func report(
    _ curves: [ThresholdCurve], best: Place, measure: Measure
  ) -> (table: [String], report: EvaluationReport) {
    let hasWatershed = curves.contains { $0.watershed != nil }
    let names = curves[best.curve].points[best.point].scores.values.map(\.name)
    var lines = [
      ((hasWatershed ? ["low", "high"] : []) + ["threshold"] + names + ["segments"])
        .joined(separator: "\t")
    ]
    for curve in curves {
      let watershed = curve.watershed.map { [shortText($0.low), shortText($0.high)] } ?? []
      for point in curve.points {
        let values = point.scores.values.map { shortText($0.value) }
        lines.append(
          (watershed + [shortText(point.threshold)] + values + ["\(point.segmentCount)"])
            .joined(separator: "\t"))
      }
    }
    let (curve, point) = (curves[best.curve], curves[best.curve].points[best.point])
    var report = EvaluationReport()
    report.add("measure", measure.rawValue)
    if let watershed = curve.watershed {
      report.add("best_low", watershed.low)
      report.add("best_high", watershed.high)
    }
    report.add("best_threshold", point.threshold)
    for (name, value) in point.scores.values { report.add("best_\(name)", value) }
    for (name, value) in curve.ideal?.values ?? [] { report.add("ideal_\(name)", value) }
    report.add("curve", .array(curves.flatMap(\.json)))
    return (lines, report)
  }

  private var json: [JSONValue] {
    points.map { point in
      var object = Dictionary(
        uniqueKeysWithValues: point.scores.values.map { ($0.name, JSONValue.number($0.value)) })
      object["threshold"] = .number(point.threshold)
      object["segments"] = .integer(Int64(point.segmentCount))
      if let watershed {
        object["low"] = .number(watershed.low)
        object["high"] = .number(watershed.high)
      }
      return .object(object)
    }
  }

  /// The curve that holds the best point, and beside it each of the others by its sum.
  static func figure(of curves: [ThresholdCurve], best: Place) -> Figure {
    let curve = curves[best.curve]
    func line(_ curve: ThresholdCurve, _ value: (SegmentationScores) -> Double) -> [(
      x: Double, y: Double
    )] {
      curve.points.map { ($0.threshold, value($0.scores)) }
    }
    var plots = [
      LinePlot(
        title: curve.title, xLabel: "threshold (1 − affinity)", yLabel: "bits",
        series: [
          LinePlot.Series("VOI sum", line(curve) { $0.information.sum }),
          LinePlot.Series("VOI split", line(curve) { $0.information.split }),
          LinePlot.Series("VOI merge", line(curve) { $0.information.merge }),
        ]),
      LinePlot(
        xLabel: "threshold (1 − affinity)", yLabel: "",
        series: [
          LinePlot.Series("adapted Rand error", line(curve) { $0.rand.error }),
          LinePlot.Series("CREMI score", line(curve) { $0.cremiScore }),
        ]),
    ]
    if curves.count > 1 {
      plots.append(
        LinePlot(
          title: "Every watershed", xLabel: "threshold (1 − affinity)", yLabel: "VOI sum, bits",
          series: curves.map { curve in
            LinePlot.Series(curve.title, line(curve) { $0.information.sum })
          }))
    }
    return Figure(plots)
  }

  private var title: String {
    watershed.map { "low \(shortText($0.low)), high \(shortText($0.high))" } ?? ""
  }
}

/// Thresholds to try: a list, or `from:to:step`.
struct ThresholdRange: ArgumentValue {
  let values: [Double]
  private let text: String

  /// Every twentieth.
  static let standard = ThresholdRange(from: 0.05, to: 0.95, step: 0.05, text: "0.05:0.95:0.05")

  private init(values: [Double], text: String) {
    self.values = values
    self.text = text
  }

  private init(from first: Double, to last: Double, step: Double, text: String) {
    let count = Int(((last - first) / step + 1e-9).rounded(.down)) + 1
    // Rounded, so that what is printed is what was meant.
    values = (0..<count).map { ((first + Double($0) * step) * 1e9).rounded() / 1e9 }
    self.text = text
  }

  init?(argument: String) {
    let numbers = argument.split(separator: ":", omittingEmptySubsequences: false)
      .map { Double($0) }
    if numbers.count == 3 {
      guard let first = numbers[0], let last = numbers[1], let step = numbers[2],
        (0...1).contains(first), (first...1).contains(last), step >= 1e-4, step.isFinite
      else { return nil }
      self.init(from: first, to: last, step: step, text: argument)
      return
    }
    let list = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    guard list.allSatisfy({ $0.map((0...1).contains) ?? false }) else { return nil }
    self.init(values: Set(list.compactMap { $0 }).sorted(), text: argument)
  }

  var argumentText: String? { text }
  static var expectation: String {
    "costs from 0 to 1, from:to:step with steps of 0.0001 or more, or divided by commas"
  }
  static var placeholder: String { "A:B:STEP|A,B,…" }
}
