public import Codecs

/// A training's state and configuration as one checksummed file.
///
/// The file is a line that names the format, eight bytes with the length of the header, the header
/// as JSON, then little-endian numbers: the parameters, the optimizer's running means, those of
/// squares, the averages (each a list of float32), the curve's pending sums and its rows (float64),
/// and last the XXH3-128 of everything before, as 32 hexadecimal digits.
public struct Checkpoint: Sendable {
  private static let mark = Array("fascicle checkpoint 1\n".utf8)
  private static let digestBytes = 32

  /// The configuration, complete.
  public var configuration: JSONValue
  /// The state.
  public var state: TrainingState

  /// Creates a checkpoint.
  public init(configuration: JSONValue, state: TrainingState) {
    self.configuration = configuration
    self.state = state
  }

  /// The checkpoint as bytes: the same for the same state.
  ///
  /// - Throws: `EncodingError` where the configuration holds a number that is not finite.
  public func encoded() throws -> [UInt8] {
    let curve = state.curve
    var header: JSONObject = [
      "configuration": configuration, "step": .integer(Int64(state.step)),
      "parameters": .integer(Int64(state.parameters.count)),
      "columns": .array(curve.columns.map { .string($0) }),
      "steps": .array(curve.steps.map { .integer(Int64($0)) }),
      "pending": .integer(Int64(curve.pending.count)),
      "pending_steps": .integer(Int64(curve.pendingCount)),
    ]
    if let best = state.best {
      header["best_step"] = .integer(Int64(best.step))
      // As text, so that it comes back bit for bit.
      header["best_score"] = .string(String(best.score.bitPattern, radix: 16))
    }
    let text = try JSONValue.object(header).encoded()
    var bytes = Self.mark
    bytes.reserveCapacity(
      bytes.count + text.count + state.parameters.count * 16
        + (curve.rows.count + 1) * curve.columns.count * 8 + 64)
    append(UInt64(text.count), to: &bytes)
    bytes += text
    for values in [
      state.parameters, state.moments.means, state.moments.squares, state.average.values,
    ] {
      for value in values { append(value.bitPattern, to: &bytes) }
    }
    for value in curve.pending { append(value.bitPattern, to: &bytes) }
    for row in curve.rows {
      for value in row { append(value.bitPattern, to: &bytes) }
    }
    bytes += Array(ContentDigest(of: bytes).description.utf8)
    return bytes
  }

  private func append<Bits: FixedWidthInteger>(_ bits: Bits, to bytes: inout [UInt8]) {
    for shift in stride(from: 0, to: Bits.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: bits >> Bits(shift)))
    }
  }

  /// Reads a checkpoint.
  ///
  /// - Parameters:
  ///   - bytes: The file.
  ///   - name: The file's name, for errors.
  /// - Throws: ``TrainingError`` with `checkpoint` where the file is cut off, changed or something
  ///   else.
  public init(decoding bytes: [UInt8], name: String) throws(TrainingError) {
    func damaged(_ message: String) -> TrainingError {
      TrainingError(
        .checkpoint, name, message, remedy: "remove the file; the one before it is used then")
    }
    let mark = Self.mark.count
    guard bytes.count >= mark + 8 + Self.digestBytes, Array(bytes[..<mark]) == Self.mark else {
      throw damaged("is not a checkpoint")
    }
    let end = bytes.count - Self.digestBytes
    let content = Array(bytes[..<end])
    guard
      ContentDigest(of: content).description
        == String(decoding: bytes[end...], as: UTF8.self)
    else { throw damaged("the checkpoint is damaged: its checksum does not fit") }
    var reader = NumberReader(content, at: mark)
    guard let length = reader.word().flatMap({ Int(exactly: $0) }),
      let text = reader.bytes(length),
      let header = (try? JSONValue(parsing: text))?.object,
      let configuration = header["configuration"], let step = header["step"]?.int,
      let count = header["parameters"]?.int,
      let columns = header["columns"]?.array?.compactMap(\.string),
      let steps = header["steps"]?.array?.compactMap(\.int),
      let pending = header["pending"]?.int, let pendingSteps = header["pending_steps"]?.int,
      let parameters = reader.floats(count), let means = reader.floats(count),
      let squares = reader.floats(count), let averages = reader.floats(count),
      let sums = reader.doubles(pending)
    else { throw damaged("the checkpoint does not hold what it should") }
    var state = TrainingState(parameters: parameters, columns: columns)
    state.step = step
    state.moments = AdamW.Moments(means: means, squares: squares)
    state.average = ParameterAverage(averages)
    state.curve.pending = sums
    state.curve.pendingCount = pendingSteps
    for step in steps {
      guard let row = reader.doubles(columns.count) else {
        throw damaged("the checkpoint does not hold what it should")
      }
      state.curve.steps.append(step)
      state.curve.rows.append(row)
    }
    if let step = header["best_step"]?.int,
      let bits = header["best_score"]?.string.flatMap({ UInt64($0, radix: 16) })
    {
      state.best = TrainingState.Best(score: Double(bitPattern: bits), step: step)
    }
    guard reader.isAtEnd else { throw damaged("something follows the checkpoint") }
    self.configuration = configuration
    self.state = state
  }
}

/// Reads little-endian numbers one after the other; nil where there are not so many bytes.
private struct NumberReader {
  private let content: [UInt8]
  private var position: Int

  init(_ content: [UInt8], at position: Int) {
    self.content = content
    self.position = position
  }

  var isAtEnd: Bool { position == content.count }

  /// The next elements' place, moved past.
  private mutating func take(_ count: Int, of width: Int) -> Range<Int>? {
    guard count >= 0, count <= (content.count - position) / width else { return nil }
    defer { position += count * width }
    return position..<position + count * width
  }

  private func bits<Bits: FixedWidthInteger>(at place: Int, as type: Bits.Type) -> Bits {
    var bits: Bits = 0
    for index in stride(from: Bits.bitWidth / 8 - 1, through: 0, by: -1) {
      bits = bits << 8 | Bits(truncatingIfNeeded: content[place + index])
    }
    return bits
  }

  mutating func word() -> UInt64? {
    take(1, of: 8).map { bits(at: $0.lowerBound, as: UInt64.self) }
  }

  mutating func bytes(_ count: Int) -> [UInt8]? { take(count, of: 1).map { Array(content[$0]) } }

  mutating func floats(_ count: Int) -> [Float]? {
    take(count, of: 4).map { range in
      (0..<count).map {
        Float(bitPattern: bits(at: range.lowerBound + 4 * $0, as: UInt32.self))
      }
    }
  }

  mutating func doubles(_ count: Int) -> [Double]? {
    take(count, of: 8).map { range in
      (0..<count).map {
        Double(bitPattern: bits(at: range.lowerBound + 8 * $0, as: UInt64.self))
      }
    }
  }
}
