import Synchronization
import Voxels

/// The predictions of the patches used last, up to a number of bytes, shared by threads.
///
/// A patch that several threads want at the same time is computed by one of them; the others wait
/// for it.
final class PatchCache: Sendable {
  private struct State {
    var kept: [Int: (volume: Volume<Float>, lastUse: Int)] = [:]
    var byteCount = 0
    var clock = 0
    var underWay: [Int: PatchInWork] = [:]
  }
  private enum Found {
    case kept(Volume<Float>)
    case underWay(PatchInWork)
  }

  private let state = Mutex(State())
  private let byteLimit: Int

  init(byteLimit: Int) {
    self.byteLimit = byteLimit
  }

  /// A patch's prediction, kept or computed now.
  ///
  /// - Throws: What the body throws; the next thread that wants the patch tries again.
  func prediction(
    of patch: Int, computing body: () throws -> Volume<Float>
  ) throws -> Volume<Float> {
    let found = state.withLock { state -> Found in
      if let entry = state.kept[patch] {
        state.clock += 1
        state.kept[patch]?.lastUse = state.clock
        return .kept(entry.volume)
      }
      if let work = state.underWay[patch] { return .underWay(work) }
      let work = PatchInWork()
      state.underWay[patch] = work
      return .underWay(work)
    }
    switch found {
    case .kept(let volume): return volume
    case .underWay(let work):
      let volume = try work.value(computing: body)
      state.withLock { keep(volume, of: patch, in: &$0) }
      return volume
    }
  }

  /// Keeps a prediction, giving up those that were not used for the longest time.
  private func keep(_ volume: Volume<Float>, of patch: Int, in state: inout State) {
    state.underWay[patch] = nil
    let size = Self.bytes(volume)
    guard size <= byteLimit, state.kept[patch] == nil else { return }
    while state.byteCount + size > byteLimit,
      let oldest = state.kept.min(by: { $0.value.lastUse < $1.value.lastUse })
    {
      state.byteCount -= Self.bytes(oldest.value.volume)
      state.kept[oldest.key] = nil
    }
    state.clock += 1
    state.kept[patch] = (volume, state.clock)
    state.byteCount += size
  }

  private static func bytes(_ volume: Volume<Float>) -> Int {
    volume.channels * volume.extent.voxelCount * MemoryLayout<Float>.size
  }
}

/// A patch that is being computed by whoever holds its lock.
private final class PatchInWork: Sendable {
  private let result = Mutex<Volume<Float>?>(nil)

  func value(computing body: () throws -> Volume<Float>) throws -> Volume<Float> {
    try result.withLock { result in
      if let result { return result }
      let volume = try body()
      result = volume
      return volume
    }
  }
}
