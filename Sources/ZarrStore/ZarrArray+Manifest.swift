public import VolumeStore

extension ZarrArray {
  /// Writes the manifest of all records, sorted by key, and makes it durable.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  public func finish(_ records: [ChunkRecord]) throws(VolumeError) {
    let text = ChunkManifest.encoded(records)
    try store.write(text.span.bytes, to: ChunkManifest.key)
    try store.synchronize()
  }

  /// Removes the unfinished files of writers that were killed; called while no one is writing.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  public func removePartialFiles() throws(VolumeError) { try store.removePartialFiles() }

  /// Calls a body with every record of the manifest in turn.
  ///
  /// - Parameter body: Called with one record after another, sorted by key.
  /// - Returns: Whether there is a manifest.
  /// - Throws: ``VolumeError`` with `malformedMetadata` where the manifest is damaged.
  @discardableResult
  public func forEachRecord(
    _ body: (ChunkRecord) throws(VolumeError) -> Void
  ) throws(VolumeError) -> Bool {
    guard let file = try store.openFile(ChunkManifest.key) else { return false }
    try ChunkManifest.forEachRecord(in: file, body)
    return true
  }
}
