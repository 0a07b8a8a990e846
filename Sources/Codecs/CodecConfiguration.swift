/// Reads the members of a codec's `configuration` and refuses those nobody asked for.
struct CodecConfiguration {
  let codec: String
  private var members: JSONObject

  init(_ configuration: JSONObject, codec: String) {
    self.codec = codec
    members = configuration
  }

  mutating func integer(
    _ name: String, in range: ClosedRange<Int>, default fallback: Int? = nil
  ) throws(CodecError) -> Int {
    guard let member = members.removeValue(forKey: name) else {
      guard let fallback else { throw invalid("\(name) is missing") }
      return fallback
    }
    guard let value = member.int, range.contains(value) else {
      throw invalid("\(name) is not a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  mutating func flag(_ name: String, default fallback: Bool) throws(CodecError) -> Bool {
    guard let member = members.removeValue(forKey: name) else { return fallback }
    guard let value = member.bool else { throw invalid("\(name) is not true or false") }
    return value
  }

  mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, of type: Choice.Type
  ) throws(CodecError) -> Choice where Choice.RawValue == String {
    guard let text = members.removeValue(forKey: name)?.string else {
      throw invalid("\(name) is missing or no string")
    }
    guard let value = Choice(rawValue: text) else {
      let known = Choice.allCases.map { $0.rawValue }.joined(separator: ", ")
      throw invalid("\(name) is \"\(text)\" where one of \(known) is expected")
    }
    return value
  }

  /// Throws where a member was not read: the codec would ignore something that matters.
  func end() throws(CodecError) {
    guard let stranger = members.keys.min() else { return }
    throw invalid("the configuration has an unknown member \"\(stranger)\"")
  }

  private func invalid(_ message: String) -> CodecError {
    CodecError(.invalidConfiguration, codec: codec, message)
  }
}
