/// A colour of text on a screen.
public enum ScreenColour: Hashable, Sendable {
  /// The terminal's own.
  case standard
  /// One of the sixteen that the terminal's owner has chosen: 0 to 7, and 8 to 15 brighter.
  case palette(UInt8)
  /// Red, green and blue, each in 0…255.
  case rgb(UInt8, UInt8, UInt8)
}

/// How many colours a terminal shows.
public enum ColourDepth: Int, Hashable, Sendable, CaseIterable, Comparable {
  /// None: bold, faint and reversed text only.
  case none
  /// The sixteen of its palette.
  case sixteen
  /// 256.
  case indexed
  /// All.
  case full

  /// Whether one has fewer colours.
  public static func < (left: ColourDepth, right: ColourDepth) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// How text looks.
public struct ScreenStyle: Hashable, Sendable {
  /// The colour of the letters.
  public var colour: ScreenColour
  /// The colour behind them.
  public var background: ScreenColour
  /// Whether letters are heavier, fainter, or exchange colours with what is behind them.
  public var isBold: Bool, isFaint: Bool, isReversed: Bool

  /// Creates a style.
  public init(
    _ colour: ScreenColour = .standard, on background: ScreenColour = .standard,
    isBold: Bool = false, isFaint: Bool = false, isReversed: Bool = false
  ) {
    self.colour = colour
    self.background = background
    self.isBold = isBold
    self.isFaint = isFaint
    self.isReversed = isReversed
  }

  /// The terminal's own.
  public static let plain = ScreenStyle()
  /// Heavy letters.
  public static let bold = ScreenStyle(isBold: true)
  /// Faint letters.
  public static let faint = ScreenStyle(isFaint: true)
  /// Letters and background exchanged.
  public static let reversed = ScreenStyle(isReversed: true)

  /// The sequence that sets this style and no other (ECMA-48, SGR).
  func sequence(_ depth: ColourDepth) -> String {
    var codes = ["0"]
    if isBold { codes.append("1") }
    if isFaint { codes.append("2") }
    if isReversed { codes.append("7") }
    codes += colour.codes(depth, base: 30) + background.codes(depth, base: 40)
    return "\u{1B}[\(codes.joined(separator: ";"))m"
  }
}

extension ScreenColour {
  fileprivate func codes(_ depth: ColourDepth, base: Int) -> [String] {
    switch self {
    case .standard: return []
    case .palette(let index):
      guard depth >= .sixteen else { return [] }
      return ["\(index < 8 ? base + Int(index) : base + 60 + Int(index & 7))"]
    case .rgb(let red, let green, let blue):
      switch depth {
      case .none: return []
      case .full: return ["\(base + 8);2;\(red);\(green);\(blue)"]
      case .indexed:
        // The cube of 6 × 6 × 6 colours of xterm, whose levels are 0, 95, 135, … 255.
        func level(_ part: UInt8) -> Int { part < 48 ? 0 : part < 115 ? 1 : (Int(part) - 35) / 40 }
        return ["\(base + 8);5;\(16 + 36 * level(red) + 6 * level(green) + level(blue))"]
      case .sixteen:
        let bright = max(red, green, blue) > 170 ? 8 : 0
        let half = max(red, green, blue) / 2
        let index = (red > half ? 1 : 0) + (green > half ? 2 : 0) + (blue > half ? 4 : 0)
        return ScreenColour.palette(UInt8(index + bright)).codes(depth, base: base)
      }
    }
  }
}
