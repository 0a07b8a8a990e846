import Glibc

/// Values that are written one after the other and made durable together.
///
/// Each is stored whole, or not at all, as by ``FileStore/write(_:to:)``: a file is durable before
/// it gets its name. To wait for the disk once for each file takes several times as long as to
/// write it; files that are on their way already are waited for together.
package struct WriteGroup: ~Copyable {
  /// A file that is written and has not got its name yet.
  struct Pending {
    let descriptor: Int32
    let partial: String
    let target: String
    let folder: String
  }

  /// The most files waited for together.
  package static let capacity = 16

  private let store: FileStore
  private var pending: [Pending] = []

  /// Starts an empty group.
  package init(to store: FileStore) { self.store = store }

  deinit {
    // What has not got its name was not wanted any more.
    for file in pending {
      close(file.descriptor)
      unlink(file.partial)
    }
  }

  /// Writes a value, which is in its place once ``finish()`` has returned.
  package mutating func write(_ bytes: RawSpan, to key: String) throws(VolumeError) {
    if pending.count == Self.capacity { try finish() }
    pending.append(try store.begin(bytes, to: key))
  }

  /// Makes the values durable and puts them in their places.
  package mutating func finish() throws(VolumeError) {
    pending.reverse()
    while let file = pending.popLast() { try store.finish(file) }
  }
}
