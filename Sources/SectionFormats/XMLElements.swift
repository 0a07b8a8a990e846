import CExpat
import VolumeStore

// Unsafe code: libexpat calls back with the walker as an untyped pointer. Each use states why it
// is sound.

/// An element of an XML text, as ``forEachXMLElement(in:path:_:)`` visits it.
struct XMLElement {
  /// The name without its namespace prefix.
  let name: String
  /// The attributes by name.
  let attributes: [String: String]
  /// The text directly within the element, known when the element ends.
  fileprivate(set) var text = ""
}

/// What happens to an element.
enum XMLEvent {
  /// Its start tag was read.
  case start(XMLElement)
  /// It ended; its text is whole.
  case end(XMLElement)
}

/// The most that an XML text may hold: it is text from a file.
private enum XMLLimits {
  static let depth = 64
  static let elements = 1 << 23
  static let byteCount = 512 << 20
}

/// Calls a body for every start and end of an element, in the order of the text.
///
/// Texts with a document type, and so with entities of their own, are refused.
///
/// - Throws: ``VolumeError`` with `malformedMetadata`, or `limitExceeded` where the text is too deep
///   or too long.
func forEachXMLElement(
  in text: String, path: String, _ body: (XMLEvent) -> Void
) throws(VolumeError) {
  guard text.utf8.count <= XMLLimits.byteCount, let parser = XML_ParserCreate(nil) else {
    throw VolumeError(
      .limitExceeded, path: path, "the XML text is too long", found: "\(text.utf8.count) bytes")
  }
  defer { XML_ParserFree(parser) }
  let failure: String? = withoutActuallyEscaping(body) { body in
    let walk = XMLWalk(parser: parser, body: body)
    // Sound: the walk outlives the parse, the only time at which the handlers run.
    XML_SetUserData(parser, Unmanaged.passUnretained(walk).toOpaque())
    setHandlers(parser)
    var text = text
    let status = text.withUTF8 { bytes in
      // Sound: the parser reads no more than the count, which the limit keeps within 32 bits.
      bytes.withMemoryRebound(to: CChar.self) {
        XML_Parse(parser, $0.baseAddress, Int32($0.count), 1)
      }
    }
    return withExtendedLifetime(walk) {
      if let failure = walk.failure { return failure }
      guard status == XML_STATUS_OK else {
        let reason = XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) }
        return "\(reason ?? "an error") in line \(XML_GetCurrentLineNumber(parser))"
      }
      return nil
    }
  }
  if let failure {
    throw VolumeError(
      .malformedMetadata, path: path, "the XML text is not sound", found: failure,
      remedy: "write the file again, or name the order of its pages with --axes")
  }
}

private final class XMLWalk {
  let parser: XML_Parser
  let body: (XMLEvent) -> Void
  var failure: String?
  private var open: [XMLElement] = []
  private var count = 0

  init(parser: XML_Parser, body: @escaping (XMLEvent) -> Void) {
    self.parser = parser
    self.body = body
  }

  /// The walk that a handler was called for.
  static func of(_ pointer: UnsafeMutableRawPointer?) -> XMLWalk? {
    // Sound: the pointer is the one that was set above, to a walk that is still held there.
    pointer.map { Unmanaged<XMLWalk>.fromOpaque($0).takeUnretainedValue() }
  }

  func stop(_ reason: String) {
    if failure == nil { failure = reason }
    XML_StopParser(parser, 0)
  }

  func start(_ name: String, _ attributes: [String: String]) {
    count += 1
    guard failure == nil, open.count < XMLLimits.depth, count <= XMLLimits.elements else {
      return stop("more than \(XMLLimits.depth) levels or \(XMLLimits.elements) elements")
    }
    let element = XMLElement(
      name: String(name.split(separator: ":").last ?? name[...]), attributes: attributes)
    open.append(element)
    body(.start(element))
  }

  func add(_ text: String) {
    guard !open.isEmpty else { return }
    open[open.count - 1].text += text
  }

  func end() {
    guard failure == nil, let element = open.popLast() else { return }
    body(.end(element))
  }
}

private func setHandlers(_ parser: XML_Parser) {
  XML_SetElementHandler(
    parser,
    { data, name, attributes in
      guard let walk = XMLWalk.of(data), let name else { return }
      var values: [String: String] = [:]
      var index = 0
      // Sound: names and values are terminated texts, in pairs, and end with a null pointer.
      while let attribute = attributes?[index], let value = attributes?[index + 1] {
        values[String(cString: attribute)] = String(cString: value)
        index += 2
      }
      walk.start(String(cString: name), values)
    },
    { data, _ in XMLWalk.of(data)?.end() })
  XML_SetCharacterDataHandler(parser) { data, text, count in
    guard let text else { return }
    // Sound: the parser hands over this many bytes.
    let bytes = UnsafeRawBufferPointer(start: text, count: Int(count))
    XMLWalk.of(data)?.add(String(decoding: bytes, as: UTF8.self))
  }
  XML_SetStartDoctypeDeclHandler(parser) { data, _, _, _, _ in
    XMLWalk.of(data)?.stop("a document type, which might define entities")
  }
}
