import CommandLineInterface
import Networks
import Training

/// Shows how far a training is: a line on a terminal, elsewhere a line of text for each report.
final class TrainingProgress {
  private let context: CommandContext
  private let line: ProgressLine
  private let steps: Int
  private let start: Duration
  private let completed: Int
  private var smoothedLoss: Double?

  init(context: CommandContext, steps: Int, completed: Int) {
    self.context = context
    self.steps = steps
    self.completed = completed
    start = monotonicTime()
    line = context.progress("train", total: steps, completed: completed, unit: .items("steps"))
  }

  /// Shows that a step is done, with the loss smoothed over the last hundred or so.
  func show(_ report: TrainingLoop<TrainableNetwork>.Report, step: Int) {
    let loss = smoothedLoss.map { $0 + 0.02 * (report.loss - $0) } ?? report.loss
    smoothedLoss = loss
    line.show(measures: [("loss", fixed(loss, decimals: 4))])
    line.update(completed: step)
  }

  /// Reports what the steps since the last report measured.
  func report(_ curve: TrainingCurve, step: Int) {
    guard let means = curve.recentMeans, !context.diagnostics.isTerminal,
      context.progressDisplay == .automatic
    else { return }
    let measures = zip(curve.columns, means)
      .map { "\($0)=\(Float($1))" }.joined(separator: " ")
    let seconds = (monotonicTime() - start).inSeconds
    let left = seconds / Double(step - completed) * Double(steps - step)
    context.note(
      "step=\(step) of=\(steps) \(measures) left_s=\(fixed(left, decimals: 0))")
  }

  /// Removes the line.
  func finish() { line.finish() }
}
