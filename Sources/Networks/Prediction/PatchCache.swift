import Voxels

/// The predictions of the patches used last, up to a number of bytes.
struct PatchCache {
  private var entries: [Int: (volume: Volume<Float>, lastUse: Int)] = [:]
  private var clock = 0
  private var byteCount = 0
  let byteLimit: Int

  init(byteLimit: Int) {
    self.byteLimit = byteLimit
  }

  mutating func prediction(of patch: Int) -> Volume<Float>? {
    guard let entry = entries[patch] else { return nil }
    clock += 1
    entries[patch]?.lastUse = clock
    return entry.volume
  }

  /// Keeps a prediction, giving up those that were not used for the longest time.
  mutating func insert(_ volume: Volume<Float>, for patch: Int) {
    let size = Self.bytes(volume)
    guard size <= byteLimit, entries[patch] == nil else { return }
    while byteCount + size > byteLimit,
      let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })
    {
      byteCount -= Self.bytes(oldest.value.volume)
      entries[oldest.key] = nil
    }
    clock += 1
    entries[patch] = (volume, clock)
    byteCount += size
  }

  private static func bytes(_ volume: Volume<Float>) -> Int {
    volume.channels * volume.extent.voxelCount * MemoryLayout<Float>.size
  }
}
