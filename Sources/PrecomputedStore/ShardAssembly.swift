import Codecs
import VolumeStore

/// A shard being put together from encoded chunks, in the order of their numbers.
///
/// The chunks lie one after the other, then the indices of the minishards.
struct ShardAssembly {
  fileprivate struct Minishard {
    var chunks: [UInt64] = []
    var starts: [Int] = []
    var sizes: [Int] = []
  }

  private let sharding: PrecomputedSharding
  private var minishards: [Minishard]
  private var payload: [UInt8] = []

  init(_ sharding: PrecomputedSharding) {
    self.sharding = sharding
    minishards = Array(repeating: Minishard(), count: 1 << sharding.minishardBits)
  }

  mutating func append(_ bytes: [UInt8], as chunk: UInt64) {
    let place = sharding.place(of: chunk).minishard
    precondition(
      minishards[place].chunks.last.map { $0 < chunk } ?? true, "chunks come in order")
    minishards[place].chunks.append(chunk)
    minishards[place].starts.append(payload.count)
    minishards[place].sizes.append(bytes.count)
    payload.append(contentsOf: bytes)
  }

  /// The shard's bytes.
  consuming func finish() throws(CodecError) -> [UInt8] {
    var index: [UInt64] = []
    for minishard in minishards {
      let start = payload.count
      if !minishard.chunks.isEmpty {
        let bytes = minishard.bytes
        payload += sharding.indexIsCompressed ? try GzipCodec().encode(bytes.rawSpan) : bytes
      }
      index += [UInt64(start), UInt64(payload.count)]
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(index.count * 8 + payload.count)
    bytes.appendColumn(index)
    return bytes + payload
  }
}

extension ShardAssembly.Minishard {
  /// The index: numbers as steps, starts as gaps after the chunk before, sizes.
  fileprivate var bytes: [UInt8] {
    var (steps, gaps): ([UInt64], [UInt64]) = ([], [])
    var (chunk, end) = (UInt64(0), 0)
    for index in chunks.indices {
      steps.append(chunks[index] - chunk)
      gaps.append(UInt64(starts[index] - end))
      chunk = chunks[index]
      end = starts[index] + sizes[index]
    }
    var bytes: [UInt8] = []
    bytes.appendColumn(steps)
    bytes.appendColumn(gaps)
    bytes.appendColumn(sizes.map { UInt64($0) })
    return bytes
  }
}
