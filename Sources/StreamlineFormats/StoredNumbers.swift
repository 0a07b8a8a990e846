import Codecs

/// A type of numbers in streamline files.
enum StoredNumber: String, CaseIterable, Sendable {
  case float16, float32, float64
  case int8, int16, int32, int64
  case uint8, uint16, uint32, uint64
  case bit

  var byteCount: Int {
    switch self {
    case .int8, .uint8, .bit: 1
    case .float16, .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    }
  }
}

/// The bytes of numbers of one type and byte order, read as other numbers.
struct StoredNumbers {
  var type: StoredNumber
  var isBigEndian = false

  /// Adds `count` values from an offset on to a list.
  ///
  /// - Precondition: The bytes hold them.
  func append(_ bytes: RawSpan, from offset: Int, count: Int, to values: inout [Float]) {
    values.reserveCapacity(values.count + count)
    switch type {
    case .float32:
      for index in 0..<count { values.append(Float(bitPattern: word32(bytes, offset + 4 * index))) }
    case .float64:
      for index in 0..<count {
        values.append(Float(Double(bitPattern: word64(bytes, offset + 8 * index))))
      }
    case .float16:
      for index in 0..<count { values.append(halfValue(word16(bytes, offset + 2 * index))) }
    default:
      for index in 0..<count {
        values.append(Float(integer(bytes, offset + type.byteCount * index)))
      }
    }
  }

  /// The whole number at an offset; the bits of an unsigned one of 64 bits.
  func integer(_ bytes: RawSpan, _ offset: Int) -> Int {
    switch type {
    case .uint8, .bit: Int(byte(bytes, offset))
    case .int8: Int(Int8(bitPattern: byte(bytes, offset)))
    case .uint16: Int(word16(bytes, offset))
    case .int16: Int(Int16(bitPattern: word16(bytes, offset)))
    case .uint32: Int(word32(bytes, offset))
    case .int32: Int(Int32(bitPattern: word32(bytes, offset)))
    case .uint64, .int64: Int(Int64(bitPattern: word64(bytes, offset)))
    case .float16, .float32, .float64: preconditionFailure("no type of whole numbers")
    }
  }

  private func byte(_ bytes: RawSpan, _ offset: Int) -> UInt8 {
    bytes.byte(at: offset)
  }

  private func word16(_ bytes: RawSpan, _ offset: Int) -> UInt16 {
    let word = UInt16(byte(bytes, offset)) | UInt16(byte(bytes, offset + 1)) << 8
    return isBigEndian ? word.byteSwapped : word
  }

  @inline(__always)
  private func word32(_ bytes: RawSpan, _ offset: Int) -> UInt32 {
    let word = bytes.littleEndianUInt32(at: offset)
    return isBigEndian ? word.byteSwapped : word
  }

  @inline(__always)
  private func word64(_ bytes: RawSpan, _ offset: Int) -> UInt64 {
    let word = bytes.littleEndianUInt64(at: offset)
    return isBigEndian ? word.byteSwapped : word
  }
}

/// The value of a number in half precision.
///
/// Source: IEEE 754-2019, binary16. Not every processor that Swift runs on has the type.
func halfValue(_ bits: UInt16) -> Float {
  let sign = UInt32(bits & 0x8000) << 16
  let exponent = UInt32(bits >> 10 & 0x1F)
  let fraction = UInt32(bits & 0x3FF)
  switch exponent {
  case 0:
    let value = Float(fraction) * 0x1p-24
    return sign == 0 ? value : -value
  case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
  default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
  }
}

/// The number in half precision nearest to a value, ties to even.
func halfBits(_ value: Float) -> UInt16 {
  let bits = value.bitPattern
  let sign = UInt16(bits >> 16 & 0x8000)
  let magnitude = abs(value)
  guard !value.isNaN else { return sign | 0x7E00 }
  if magnitude >= 65520 { return sign | 0x7C00 }
  if magnitude < 0x1p-14 { return sign | UInt16((magnitude * 0x1p24).rounded(.toNearestOrEven)) }
  let rounded = (bits & 0x7FFF_FFFF) + 0xFFF + (bits >> 13 & 1)
  return sign | UInt16((rounded >> 13) - (112 << 10))
}
