import Synchronization
import VolumeStore

/// Where the chunks of a dataset lie that went through no filter, as far as they were asked for.
///
/// With it threads read such chunks side by side, without the library.
final class HDF5ChunkAddresses: Sendable {
  /// The most chunks that are looked up: the library, up to 1.10, goes through all chunks for each,
  /// about 10 ns a chunk.
  static let mostChunks = 8192

  private enum Entry: Sendable {
    case unknown, absent
    case at(Int)
  }

  private let lengths: [Int]
  private let entries: Mutex<[Entry]>

  init(lengths: [Int], chunk: [Int]?) {
    self.lengths = lengths
    let count = HDF5ChunkAddresses.count(lengths: lengths, chunk: chunk) ?? 0
    entries = Mutex([Entry](repeating: .unknown, count: count))
  }

  /// The number of a dataset's chunks; nil where they are too many to look up.
  static func count(lengths: [Int], chunk: [Int]?) -> Int? {
    guard let chunk, !chunk.contains(0) else { return nil }
    return checkedProduct(zip(lengths, chunk).map { ($0 - 1) / $1 + 1 })
      .flatMap { $0 <= mostChunks ? $0 : nil }
  }

  /// Where a chunk starts in the file, or nil where it was never written.
  func address<Failure: Error>(
    of chunk: HDF5ChunkIndex, _ find: () throws(Failure) -> Int?
  ) throws(Failure) -> Int? {
    let number = chunk.number(in: lengths)
    switch entries.withLock({ $0[number] }) {
    case .absent: return nil
    case .at(let address): return address
    case .unknown:
      let address = try find()
      entries.withLock { $0[number] = address.map { .at($0) } ?? .absent }
      return address
    }
  }
}
