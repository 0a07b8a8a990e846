/// What a picture is stored as.
public enum PictureFormat: Sendable, CaseIterable {
  /// Scalable Vector Graphics.
  case svg
  /// Portable Network Graphics, two pixels to the point.
  case png
  /// Portable Document Format.
  case pdf

  /// The format that a file's name ends in; nil where it is none of these.
  public init?(fileName: String) {
    let name = fileName.lowercased()
    let formats: [(String, PictureFormat)] = [(".svg", .svg), (".png", .png), (".pdf", .pdf)]
    guard let format = formats.first(where: { name.hasSuffix($0.0) })?.1 else { return nil }
    self = format
  }
}

/// A picture could not be drawn.
public struct DrawingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, lower case, no full stop.
  public var message: String

  init(_ message: String) { self.message = message }

  /// The message.
  public var description: String { message }
}

/// A colour, each part in [0, 1].
struct Colour: Hashable, Sendable {
  var red: Double, green: Double, blue: Double
  var opacity = 1.0

  init(red: Double, green: Double, blue: Double, opacity: Double = 1) {
    self.red = red
    self.green = green
    self.blue = blue
    self.opacity = opacity
  }

  init(_ hexadecimal: UInt32, opacity: Double = 1) {
    red = Double(hexadecimal >> 16 & 255) / 255
    green = Double(hexadecimal >> 8 & 255) / 255
    blue = Double(hexadecimal & 255) / 255
    self.opacity = opacity
  }

  static let ink = Colour(0x222222)
  static let faint = Colour(0xdddddd)
  static let axis = Colour(0x888888)

  /// Colours that people with any colour vision tell apart.
  ///
  /// Source: Okabe & Ito 2008, "Color Universal Design".
  static let series = [
    Colour(0x0072b2), Colour(0xd55e00), Colour(0x009e73), Colour(0xcc79a7), Colour(0xe69f00),
    Colour(0x56b4e9), Colour(0x000000),
  ]
}
