public import Codecs
import Testing

/// Checks that a codec keeps its promises: gives back what it encoded, never more than it is allowed,
/// and survives any damage.
///
/// - Parameters:
///   - codec: The codec.
///   - noticesDamage: Whether the codec must notice every flipped bit.
/// - Throws: `CodecError` where the codec refuses its own bytes.
public func checkCodec(_ codec: any BytesCodec, noticesDamage: Bool) throws {
  var generator = SeededGenerator(seed: 17)
  let inputs: [[UInt8]] = [
    [], [7], [UInt8](repeating: 3, count: 5000), Array("a voxel a voxel a voxel".utf8),
    (0..<4096).map { _ in .random(in: 0...255, using: &generator) },
    (0..<9001).map { UInt8(truncatingIfNeeded: $0 / 64) },
  ]
  for input in inputs {
    let encoded = try codec.encode(input.span.bytes)
    #expect(encoded.count <= codec.maximalEncodedCount(input.count))
    #expect(try codec.encode(input.span.bytes) == encoded, "encoding is not deterministic")
    #expect(try codec.decode(encoded.span.bytes, limit: input.count) == input)
    #expect(try codec.decode(encoded.span.bytes, limit: input.count + 1000) == input)
    #expect(try decodeInto(codec, encoded, count: input.count) == input)
    #expect(throws: CodecError.self) {
      _ = try decodeInto(codec, encoded, count: input.count + 1)
    }
    if !input.isEmpty {
      #expect(throws: CodecError.self) {
        _ = try codec.decode(encoded.span.bytes, limit: input.count - 1)
      }
      #expect(throws: CodecError.self) {
        _ = try decodeInto(codec, encoded, count: input.count - 1)
      }
    }
    try checkDamage(codec, input, encoded, noticesDamage: noticesDamage, using: &generator)
  }
}

private func checkDamage(
  _ codec: any BytesCodec, _ input: [UInt8], _ encoded: [UInt8], noticesDamage: Bool,
  using generator: inout SeededGenerator
) throws {
  for count in Set([0, 1, 3, encoded.count / 2, encoded.count - 1]) where count < encoded.count {
    let cut = Array(encoded.prefix(count))
    let decoded = try? codec.decode(cut.span.bytes, limit: input.count)
    #expect(decoded == nil || (!noticesDamage && decoded != input), "cut to \(count) bytes")
  }
  for _ in 0..<100 {
    var flipped = encoded
    let index = Int.random(in: flipped.indices, using: &generator)
    flipped[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    // A flip may hit what does not matter, such as a gzip header's time: then nothing changes.
    guard let decoded = try? codec.decode(flipped.span.bytes, limit: input.count) else { continue }
    #expect(decoded.count <= input.count)
    if noticesDamage { #expect(decoded == input, "byte \(index) flipped unnoticed") }
  }
}

private func decodeInto(
  _ codec: any BytesCodec, _ encoded: [UInt8], count: Int
) throws(CodecError) -> [UInt8] {
  var decoded = [UInt8](repeating: 0xEE, count: count)
  var span = decoded.mutableSpan
  var bytes = span.mutableBytes
  try codec.decode(encoded.span.bytes, into: &bytes)
  return decoded
}
