import VolumeStore

/// The most memory this process has held at once.
public enum PeakMemory {
  /// The peak resident size in bytes so far, which the system calls `VmHWM`; nil where it does not
  /// say.
  public static var current: Int? { value(named: "VmHWM") }

  /// The resident size in bytes now, which the system calls `VmRSS`; nil where it does not say.
  public static var now: Int? { value(named: "VmRSS") }

  private static func value(named name: String) -> Int? {
    guard let status = SystemFile.contents(of: "/proc/self/status") else { return nil }
    return value(named: name, status: String(decoding: status, as: UTF8.self))
  }

  /// Finds a line such as `VmHWM:     10240 kB`.
  package static func value(named name: String, status: String) -> Int? {
    for line in status.split(separator: "\n") where line.hasPrefix("\(name):") {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
      guard words.count == 3, words[2] == "kB", let kibibytes = Int(words[1]) else { return nil }
      let (bytes, overflows) = kibibytes.multipliedReportingOverflow(by: 1024)
      return overflows ? nil : bytes
    }
    return nil
  }
}
