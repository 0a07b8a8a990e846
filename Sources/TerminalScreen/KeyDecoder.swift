/// Turns the bytes that a terminal sends into keys.
///
/// Bytes may come in any pieces. What is no key, such as a terminal's answer to a question or half
/// a character, is left out.
///
/// Source: ECMA-48; xterm's control sequences (ctlseqs); the Linux console's function keys.
public struct KeyDecoder: Sendable {
  private enum State: Sendable {
    case ground
    /// Bytes of a character in UTF-8, and how many are to come.
    case character([UInt8], missing: Int, modifiers: Key.Modifiers)
    case escape
    /// After `ESC [`, with the parameters so far.
    case control([UInt8])
    /// After `ESC O`.
    case single
    /// After `ESC [ [`.
    case console
    /// Inside a string that a terminal answers with, up to its end; how many bytes it has, what
    /// introduced it, and whether the last was an escape.
    case text(count: Int, introducer: UInt8, endsInEscape: Bool)
  }

  private var state = State.ground

  /// Creates a decoder between two keys.
  public init() {}

  /// Whether a key has begun that more bytes could belong to.
  public var isPending: Bool { if case .ground = state { false } else { true } }

  /// The keys that end within some bytes.
  public mutating func keys(of bytes: [UInt8]) -> [Key] { bytes.flatMap { keys(of: $0) } }

  /// What has begun, when nothing has come for so long that it must be whole.
  public mutating func flush() -> [Key] {
    defer { state = .ground }
    return switch state {
    case .escape: [.escape]
    case .control(let parameters) where parameters.isEmpty: [Key(.character("["), .alternate)]
    case .single: [Key(.character("O"), .alternate)]
    case .text(0, let introducer, false):
      [Key(.character(Character(Unicode.Scalar(introducer))), .alternate)]
    default: []
    }
  }

  private mutating func keys(of byte: UInt8) -> [Key] {
    switch state {
    case .ground: return begin(byte, [])
    case .character(let bytes, let missing, let modifiers):
      guard byte & 0xC0 == 0x80 else {
        state = .ground
        return keys(of: byte)
      }
      return character(bytes + [byte], missing: missing - 1, modifiers)
    case .escape: return afterEscape(byte)
    case .control(let parameters): return control(parameters, byte)
    case .single:
      state = .ground
      return key(final: byte, numbers: []).map { [$0] } ?? []
    case .console:
      state = .ground
      return 0x41...0x45 ~= byte ? [Key(.function(Int(byte) - 0x40))] : []
    case .text(let count, let introducer, let endsInEscape):
      if byte == 0x07 || endsInEscape && byte == UInt8(ascii: "\\") || count > 4096 {
        state = .ground
      } else {
        state = .text(count: count + 1, introducer: introducer, endsInEscape: byte == 0x1B)
      }
      return []
    }
  }

  private mutating func begin(_ byte: UInt8, _ modifiers: Key.Modifiers) -> [Key] {
    state = .ground
    switch byte {
    case 0x1B:
      state = .escape
      return []
    case 0x0D, 0x0A: return [Key(.enter, modifiers)]
    case 0x09: return [Key(.tab, modifiers)]
    case 0x7F, 0x08: return [Key(.backspace, modifiers)]
    case 0x00: return [Key(.character(" "), modifiers.union(.control))]
    case 0x01...0x1A, 0x1C...0x1F:
      let letter = Character(Unicode.Scalar(byte < 0x1B ? byte + 0x60 : byte + 0x40))
      return [Key(.character(letter), modifiers.union(.control))]
    case 0x20..<0x7F: return [Key(.character(Character(Unicode.Scalar(byte))), modifiers)]
    case 0xC2...0xDF: return character([byte], missing: 1, modifiers)
    case 0xE0...0xEF: return character([byte], missing: 2, modifiers)
    case 0xF0...0xF4: return character([byte], missing: 3, modifiers)
    default: return []
    }
  }

  private mutating func character(
    _ bytes: [UInt8], missing: Int, _ modifiers: Key.Modifiers
  ) -> [Key] {
    if missing > 0 {
      state = .character(bytes, missing: missing, modifiers: modifiers)
      return []
    }
    state = .ground
    guard let text = String(validating: bytes, as: UTF8.self), let character = text.first else {
      return []
    }
    return [Key(.character(character), modifiers)]
  }

  private mutating func afterEscape(_ byte: UInt8) -> [Key] {
    switch byte {
    case 0x1B: return [.escape]
    case UInt8(ascii: "["): state = .control([])
    case UInt8(ascii: "O"): state = .single
    case UInt8(ascii: "P"), UInt8(ascii: "]"), UInt8(ascii: "_"), UInt8(ascii: "^"):
      state = .text(count: 0, introducer: byte, endsInEscape: false)
    default: return begin(byte, .alternate)
    }
    return []
  }

  private mutating func control(_ parameters: [UInt8], _ byte: UInt8) -> [Key] {
    switch byte {
    case UInt8(ascii: "[") where parameters.isEmpty:
      state = .console
      return []
    case 0x20...0x3F where parameters.count < 32:
      state = .control(parameters + [byte])
      return []
    case 0x40...0x7E:
      state = .ground
      guard parameters.allSatisfy({ 0x30...0x39 ~= $0 || $0 == UInt8(ascii: ";") }) else {
        return []
      }
      let numbers = parameters.split(
        separator: UInt8(ascii: ";"), omittingEmptySubsequences: false
      ).map { Int(String(decoding: $0, as: UTF8.self)) ?? 1 }
      return key(final: byte, numbers: numbers).map { [$0] } ?? []
    default:
      state = .ground
      return byte == 0x1B ? begin(byte, []) : []
    }
  }

  private func key(final: UInt8, numbers: [Int]) -> Key? {
    let held = numbers.count > 1 ? numbers[1] - 1 : 0
    guard 0...15 ~= held else { return nil }
    let modifiers = Key.Modifiers(rawValue: UInt8(held & 7))
    let code: Key.Code
    switch final {
    case UInt8(ascii: "A"): code = .up
    case UInt8(ascii: "B"): code = .down
    case UInt8(ascii: "C"): code = .right
    case UInt8(ascii: "D"): code = .left
    case UInt8(ascii: "H"): code = .home
    case UInt8(ascii: "F"): code = .end
    case UInt8(ascii: "M") where numbers.isEmpty: code = .enter
    case UInt8(ascii: "Z"): return Key(.tab, modifiers.union(.shift))
    case 0x50...0x53 where numbers.isEmpty || numbers[0] == 1:
      code = .function(Int(final) - 0x4F)
    case UInt8(ascii: "u"):
      guard let number = numbers.first else { return nil }
      guard let byte = UInt8(exactly: number), byte < 0x20 || byte == 0x7F else {
        guard let scalar = Unicode.Scalar(UInt32(clamping: number)) else { return nil }
        return Key(.character(Character(scalar)), modifiers.subtracting(.shift))
      }
      var decoder = KeyDecoder()
      guard var key = (decoder.begin(byte, []) + decoder.flush()).first else { return nil }
      key.modifiers.formUnion(modifiers)
      return key
    case UInt8(ascii: "~"):
      guard let named = numbers.first.flatMap(Self.numbered) else { return nil }
      code = named
    default: return nil
    }
    return Key(code, modifiers)
  }

  private static func numbered(_ number: Int) -> Key.Code? {
    switch number {
    case 1, 7: .home
    case 2: .insert
    case 3: .delete
    case 4, 8: .end
    case 5: .pageUp
    case 6: .pageDown
    case 11...15: .function(number - 10)
    case 17...21: .function(number - 11)
    case 23...24: .function(number - 12)
    default: nil
    }
  }
}
