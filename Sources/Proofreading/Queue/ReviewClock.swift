import FoundationEssentials
import VolumeStore

/// What tells the queue the time.
///
/// Leases are counted in seconds since the machine was started, which every process of the machine
/// sees alike and which setting the clock does not change. A lease of an earlier start is over.
public struct ReviewClock: Sendable {
  /// A moment.
  public struct Moment: Hashable, Sendable {
    /// Seconds since 1970, for people; it may be set forward and back.
    public var wall: Double
    /// Seconds since the machine was started.
    public var uptime: Double
    /// What names this start of the machine.
    public var boot: String

    /// Creates a moment.
    public init(wall: Double, uptime: Double, boot: String) {
      self.wall = wall
      self.uptime = uptime
      self.boot = boot
    }
  }

  private let read: @Sendable () -> Moment

  /// Creates a clock that is read by a function.
  public init(_ read: @escaping @Sendable () -> Moment) { self.read = read }

  /// The present moment.
  public var now: Moment { read() }

  /// The machine's clock.
  ///
  /// Source: Linux manual, proc_uptime(5) and random(4).
  public static let system = ReviewClock {
    let wall = Date().timeIntervalSince1970
    let uptime = text(of: "/proc/uptime").split(separator: " ").first.flatMap { Double($0) }
    let boot = text(of: "/proc/sys/kernel/random/boot_id")
    return Moment(wall: wall, uptime: uptime ?? wall, boot: uptime == nil ? "" : boot)
  }

  private static func text(of path: String) -> String {
    let bytes = SystemFile.contents(of: path, limit: 1 << 12) ?? []
    return String(decoding: bytes.filter { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }
}
