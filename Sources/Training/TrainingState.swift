package import Networks

/// Everything that a training carries from step to step.
///
/// Samples are functions of the step, so with the state a training goes on as if it had never
/// stopped: bit for bit.
public struct TrainingState: Sendable, Equatable {
  /// The number of steps done.
  public var step: Int
  /// The parameters' values.
  public var parameters: [Float]
  /// The optimizer's running means.
  public var moments: AdamW.Moments
  /// The average of the parameters over the steps.
  public var average: ParameterAverage
  /// What was measured so far.
  public var curve: TrainingCurve
  /// The best score of a validation, the lower the better, and the step it was reached at.
  public var best: Best?

  /// A validation's score.
  public struct Best: Sendable, Equatable {
    /// The score; lower is better.
    public var score: Double
    /// The number of steps done by then.
    public var step: Int

    /// Creates a score.
    public init(score: Double, step: Int) {
      self.score = score
      self.step = step
    }
  }

  /// The state before the first step.
  ///
  /// - Parameters:
  ///   - parameters: The values to start with.
  ///   - columns: The names of the curve's measures; see ``TrainingCurve/columns``.
  public init(parameters: [Float], columns: [String]) {
    step = 0
    self.parameters = parameters
    moments = AdamW.Moments(count: parameters.count)
    average = ParameterAverage(parameters)
    curve = TrainingCurve(columns: columns)
  }
}

extension TrainingState {
  /// Does one step: moves the parameters against a gradient, and takes down what it measured.
  ///
  /// - Parameters:
  ///   - gradients: The gradient of the loss by every parameter.
  ///   - measures: The first columns of the curve, the loss first; the learning rate and the length
  ///     of the gradient follow them.
  ///   - optimization: How parameters are moved.
  ///   - parameters: Which parameter lies where.
  ///   - steps: How many steps the whole training has.
  /// - Returns: The learning rate, and the length of the gradient before it was shortened.
  /// - Throws: ``TrainingError`` with `diverged` where the loss or its gradient is not finite: the
  ///   state is then as before.
  package mutating func move(
    by gradients: [Float], measures: [Double], _ optimization: Optimization,
    _ parameters: [NetworkParameter], steps: Int
  ) throws(TrainingError) -> (rate: Double, gradientNorm: Double) {
    let loss = measures[0]
    let length = norm(gradients)
    guard loss.isFinite, length.isFinite else {
      // The sign of a NaN means nothing and differs between builds.
      let found = loss.isFinite ? length : loss
      throw TrainingError(
        .diverged, "",
        loss.isFinite ? "the gradient is not a finite number" : "the loss is not a finite number",
        found: "\(found.isNaN ? "nan" : "\(found)") at step \(step + 1)",
        remedy: "lower optimizer.learning_rate or optimizer.clip, or lengthen optimizer.warm_up; "
          + "the last checkpoint is kept")
    }
    let rate = optimization.schedule.rate(step: step, of: steps)
    var factor: Float = 1
    if let limit = optimization.gradientLimit, length > limit { factor = Float(limit / length) }
    // Taken out and put back, so that both can be written at once.
    var (values, moments) = (self.parameters, self.moments)
    (self.parameters, self.moments) = ([], AdamW.Moments(count: 0))
    optimization.rule.update(
      &values, gradients: gradients, factor: factor, moments: &moments, parameters: parameters,
      rate: rate, step: step)
    (self.parameters, self.moments) = (values, moments)
    average.update(self.parameters, decay: optimization.averageDecay, step: step)
    step += 1
    curve.add(measures + [rate, length])
    return (rate, length)
  }
}

/// What a training measured, as a table of steps.
///
/// Measures of steps are collected and averaged over the steps of a row.
public struct TrainingCurve: Sendable, Equatable {
  /// The measures' names: those of steps come first, those of validations last.
  public let columns: [String]
  /// The steps done by the end of each row.
  public internal(set) var steps: [Int] = []
  /// The values of each row, in the order of the columns; NaN where nothing was measured.
  public internal(set) var rows: [[Double]] = []
  /// Sums of the measures of steps that no row holds yet, and how many steps these are.
  var pending: [Double] = []
  var pendingCount = 0

  /// An empty table.
  public init(columns: [String]) { self.columns = columns }

  /// Takes down the measures of one step, for the first columns.
  mutating func add(_ measures: [Double]) {
    if pendingCount == 0 { pending = Array(repeating: 0, count: measures.count) }
    for (index, value) in measures.enumerated() { pending[index] += value }
    pendingCount += 1
  }

  /// The means of the measures since the last row; nil where there was no step.
  public var recentMeans: [Double]? {
    pendingCount > 0 ? pending.map { $0 / Double(pendingCount) } : nil
  }

  /// Ends a row.
  ///
  /// - Parameters:
  ///   - step: The number of steps done.
  ///   - validation: The values of the last columns; empty where nothing was validated.
  public mutating func endRow(step: Int, validation: [Double] = []) {
    let means = recentMeans ?? []
    let missing = columns.count - means.count - validation.count
    precondition(missing >= 0, "there are no more measures than columns")
    steps.append(step)
    rows.append(means + Array(repeating: .nan, count: missing) + validation)
    (pending, pendingCount) = ([], 0)
  }

  /// One column's measured values, with their steps.
  public func values(of column: String) -> [(step: Int, value: Double)] {
    guard let index = columns.firstIndex(of: column) else { return [] }
    return zip(steps, rows).compactMap { step, row in
      row[index].isNaN ? nil : (step, row[index])
    }
  }

  /// The table as comma-separated values, a header line first; what was not measured is empty.
  public var csv: String {
    var text = (["step"] + columns).joined(separator: ",") + "\n"
    for (step, row) in zip(steps, rows) {
      let fields = [String(step)] + row.map { $0.isNaN ? "" : Self.text($0) }
      text += fields.joined(separator: ",") + "\n"
    }
    return text
  }

  /// Seven significant digits are more than a measure is exact to.
  private static func text(_ value: Double) -> String { "\(Float(value))" }

  /// Whether two tables hold the same, where not-a-number equals itself.
  public static func == (left: TrainingCurve, right: TrainingCurve) -> Bool {
    left.columns == right.columns && left.steps == right.steps
      && left.pendingCount == right.pendingCount
      && left.pending.map(\.bitPattern) == right.pending.map(\.bitPattern)
      && left.rows.map { $0.map(\.bitPattern) } == right.rows.map { $0.map(\.bitPattern) }
  }
}
