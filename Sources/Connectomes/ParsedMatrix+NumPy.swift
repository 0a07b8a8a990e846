extension ParsedMatrix {
  /// Reads a square array that NumPy has saved.
  ///
  /// Source: NumPy enhancement proposal 1, "A simple file format for NumPy arrays".
  static func numPy(_ bytes: [UInt8]) throws(MatrixParsingError) -> ParsedMatrix {
    guard bytes.count >= 10, bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else {
      throw MatrixParsingError("the file is not an array that NumPy has saved")
    }
    let isLong = bytes[6] > 1
    let start = isLong ? 12 : 10
    guard bytes.count >= start else { throw MatrixParsingError("the file ends too early") }
    let length = bytes[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= bytes.count - start else { throw MatrixParsingError("the file ends too early") }
    let header = String(decoding: bytes[start..<start + length], as: UTF8.self)
    guard let type = quoted(after: "'descr'", in: header), let shape = shape(of: header),
      let order = text(after: "'fortran_order'", in: header)
    else { throw MatrixParsingError("the array's header is not sound", found: header) }
    guard shape.count == 2, shape[0] == shape[1] else {
      throw MatrixParsingError(
        "the array is not as wide as high",
        found: "shape (\(shape.map(String.init).joined(separator: ", ")))")
    }
    try checkCount(shape[0])
    let (count, body) = (shape[0], bytes[(start + length)...])
    guard let size = Int(type.dropFirst(2)), size > 0, size <= 8, body.count == count * count * size
    else {
      throw MatrixParsingError(
        "the array's numbers are not as many bytes as they should be",
        found: "\(body.count) bytes of type \(type)")
    }
    let isColumnFirst = order.hasPrefix("True")
    var values = [Double](repeating: 0, count: count * count)
    for place in 0..<count * count {
      let from = body.startIndex + place * size
      var word: UInt64 = 0
      for byte in 0..<size {
        let index = type.hasPrefix(">") ? from + byte : from + size - 1 - byte
        word = word << 8 | UInt64(body[index])
      }
      guard let value = value(of: word, type.dropFirst()) else {
        throw MatrixParsingError(
          "the array's type is not read", found: type,
          expected: "float32, float64, bool or a whole number")
      }
      let (row, column) = (place / count, place % count)
      values[isColumnFirst ? column * count + row : place] =
        try checked(value, row: row, column: column)
    }
    let nodes = (1...count).map { ConnectomeNode(label: $0) }
    return ParsedMatrix(nodes: nodes, values: values)
  }

  private static func value(of word: UInt64, _ type: Substring) -> Double? {
    switch type {
    case "f8": Double(bitPattern: word)
    case "f4": Double(Float(bitPattern: UInt32(truncatingIfNeeded: word)))
    case "i1": Double(Int8(truncatingIfNeeded: word))
    case "i2": Double(Int16(truncatingIfNeeded: word))
    case "i4": Double(Int32(truncatingIfNeeded: word))
    case "i8": Double(Int64(truncatingIfNeeded: word))
    case "u1", "u2", "u4", "u8", "b1": Double(word)
    default: nil
    }
  }

  private static func text(after key: String, in header: String) -> Substring? {
    guard let range = header.firstRange(of: key) else { return nil }
    return header[range.upperBound...].drop { $0 == ":" || $0 == " " }
  }

  private static func quoted(after key: String, in header: String) -> String? {
    guard let rest = text(after: key, in: header), rest.first == "'" else { return nil }
    return String(rest.dropFirst().prefix { $0 != "'" })
  }

  private static func shape(of header: String) -> [Int]? {
    guard let rest = text(after: "'shape'", in: header), rest.first == "(" else { return nil }
    let inner = rest.dropFirst().prefix { $0 != ")" }
    let parts = inner.split(separator: ",").map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
    let numbers = parts.compactMap { Int($0) }
    return numbers.count == parts.count ? numbers : nil
  }
}
