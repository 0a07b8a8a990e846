import Codecs
import Drawing
import Proofreading

/// The ways of working through a queue, side by side.
struct ReviewComparison {
  private let named: [(name: String, curve: ReviewSimulation.Curve)]
  private let shuffled: [ReviewSimulation.Curve]
  private let errorRate: Double
  private let gain: Double

  private static let share = 0.9

  /// Simulates all of them.
  init(
    _ simulation: ReviewSimulation, errorRate: Double, shuffles: Int,
    runLength: ((MergingScore) -> Double?)?
  ) throws {
    let perfect = SimulatedReviewer("perfect")
    let noisy = (1...3).map {
      SimulatedReviewer("reviewer \($0)", errorRate: errorRate, seed: UInt64($0))
    }
    let checkpoints = runLength == nil ? 0 : 60
    func curve(_ order: ReviewSimulation.Order) throws -> ReviewSimulation.Curve {
      try simulation.curve(
        perfect, order, checkpoints: checkpoints, runLength: runLength ?? { _ in nil })
    }
    let ranked = try curve(.priority)
    named = [
      ("queue", ranked), ("size", try curve(.size)),
      ("one who errs", try simulation.curve(noisy[0], .priority)),
      ("two and an arbiter", try simulation.curve((noisy[0], noisy[1]), arbiter: noisy[2])),
    ]
    shuffled = try (1...shuffles).map { try curve(.random(seed: UInt64($0))) }
    self.errorRate = errorRate
    gain = (ranked.points.first?.sum ?? 0) - (ranked.points.last?.sum ?? 0)
  }

  /// How many verdicts random order needs for the share of the gain, on average.
  private var shuffledVerdicts: Double? {
    let counts = shuffled.compactMap { $0.verdicts(toGain: Self.share * gain) }
    return counts.count == shuffled.count
      ? Double(counts.reduce(0, +)) / Double(counts.count) : nil
  }

  /// Adds what was found.
  func add(to report: inout EvaluationReport) {
    guard let first = named.first?.curve, let start = first.points.first,
      let end = first.points.last
    else { return }
    report.add("voi_start", start.sum)
    report.add("voi_end", end.sum)
    report.add("reachable_gain", gain)
    report.add("verdicts", first.points.count - 1)
    let random = shuffledVerdicts
    for (name, key) in [("queue", "queue"), ("size", "size")] {
      guard let curve = named.first(where: { $0.name == name })?.curve,
        let count = curve.verdicts(toGain: Self.share * gain)
      else { continue }
      report.add("\(key)_verdicts_to_90_percent", count)
      if let random, random > 0 { report.add("\(key)_share_of_random", Double(count) / random) }
    }
    if let random { report.add("random_verdicts_to_90_percent", random) }
    report.add("error_rate", errorRate)
    for (name, key) in [("one who errs", "one"), ("two and an arbiter", "two_and_arbiter")] {
      guard let curve = named.first(where: { $0.name == name })?.curve, let last = curve.points.last
      else { continue }
      report.add("\(key)_verdicts", last.verdicts)
      report.add("\(key)_wrong_merges", curve.wrongMerges)
      report.add("\(key)_voi_end", last.sum)
    }
    if let before = start.runLength, let after = end.runLength {
      report.add("erl_start_nm", before)
      report.add("erl_end_nm", after)
    }
  }

  private var all: [(name: String, curve: ReviewSimulation.Curve)] {
    named + shuffled.enumerated().map { ("random \($0.offset + 1)", $0.element) }
  }

  /// Every score.
  var table: CommaSeparatedTable {
    var table = CommaSeparatedTable(columns: [
      "order", "verdicts", "voi_split", "voi_merge", "voi_sum", "erl_nm",
    ])
    for (name, curve) in all {
      for point in curve.points {
        table.append(
          [name, "\(point.verdicts)"]
            + [point.split, point.merge, point.sum].map { shortText($0) }
            + [point.runLength.map { shortText($0) } ?? ""])
      }
    }
    return table
  }

  /// The curves: the variation of information above, the expected run length below.
  var figure: Figure {
    let shown = [0, 1].map { named[$0] } + shuffled.prefix(1).map { ("random", $0) }
    let labels = ["queue": "the queue's order", "size": "by size", "random": "random order"]
    let percent = shortText(errorRate * 100)
    let noisy = [
      ("one reviewer, \(percent) % wrong", named[2].curve),
      ("two and an arbiter, \(percent) % wrong", named[3].curve),
    ]
    let end = Double(all.map { $0.curve.points.count - 1 }.max() ?? 1)
    func sums(_ curve: ReviewSimulation.Curve) -> [(x: Double, y: Double)] {
      curve.points.map { (Double($0.verdicts), $0.sum) }
    }
    var plots = [
      LinePlot(
        title: "What verdicts gain", xLabel: "verdicts", yLabel: "VOI (bits)",
        series: shown.map { LinePlot.Series(labels[$0.0] ?? $0.0, sums($0.1)) }
          + noisy.map { LinePlot.Series($0.0, sums($0.1)) },
        xRange: 0...max(end, 1))
    ]
    let lengths = shown.map { name, curve in
      LinePlot.Series(
        labels[name] ?? name,
        curve.points.compactMap { point in
          point.runLength.map { (Double(point.verdicts), $0 / 1000) }
        })
    }
    if lengths.contains(where: { !$0.points.isEmpty }) {
      plots.append(
        LinePlot(
          title: "Expected run length", xLabel: "verdicts", yLabel: "µm", series: lengths,
          xRange: 0...max(end, 1)))
    }
    return Figure(plots)
  }
}
