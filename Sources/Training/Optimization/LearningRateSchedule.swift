public import Codecs
import Glibc

/// A learning rate that rises linearly, then falls along half a cosine to a floor.
///
/// Source: Loshchilov & Hutter 2017, arXiv:1608.03983, equation 5, without restarts.
public struct LearningRateSchedule: Hashable, Sendable {
  /// The highest rate.
  public var peak: Double
  /// The number of steps until the rate is highest.
  public var warmUp: Int
  /// The rate at the end, as a fraction of the highest, in [0, 1].
  public var floor: Double

  /// Creates a schedule.
  public init(peak: Double, warmUp: Int = 0, floor: Double = 0.01) {
    self.peak = peak
    self.warmUp = warmUp
    self.floor = floor
  }

  /// Reads `learning_rate`, `warm_up` and `floor`.
  ///
  /// - Throws: `SettingsError` for a value that cannot be.
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    peak = try settings.number("learning_rate", default: 1e-3, in: 1e-12...1e3)
    warmUp = try settings.int("warm_up", default: 100, in: 0...1 << 40)
    floor = try settings.number("floor", default: 0.01, in: 0...1)
  }

  /// The rate of a step, counted from 0, of so many.
  public func rate(step: Int, of steps: Int) -> Double {
    if step < warmUp { return peak * Double(step + 1) / Double(warmUp) }
    let length = max(steps - warmUp, 1)
    let progress = min(Double(step - warmUp) / Double(length), 1)
    return peak * (floor + (1 - floor) * (1 + cos(progress * .pi)) / 2)
  }
}
