import Synchronization
import Voxels

/// The predictions of the patches used last, up to a number of bytes, shared by threads.
///
/// A patch that several threads want at the same time is computed by one of them; the others wait
/// for it.
final class PatchCache: Sendable {
  private struct State {
    var kept: [Int: Entry] = [:]
    var byteCount = 0
    var clock = 0
    var underWay: [Int: PatchInWork] = [:]
  }
  private struct Entry {
    var volume: Volume<Float>
    var lastUse: Int
    /// The voxels that no block has used yet.
    var unused: Int
  }
  private enum Found {
    case kept(Volume<Float>)
    case underWay(PatchInWork)
  }

  private let state = Mutex(State())
  private let byteLimit: Int

  private let buffers: ValueBuffers

  init(byteLimit: Int, buffers: ValueBuffers) {
    self.byteLimit = byteLimit
    self.buffers = buffers
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

  /// Says that a block has used some voxels of a patch, each voxel of which one block uses: when all
  /// are, the prediction is given up.
  func use(_ voxels: Int, of patch: Int) {
    state.withLock { state in
      guard let left = state.kept[patch]?.unused else { return }
      state.kept[patch]?.unused = left - voxels
      if left <= voxels { giveUp(patch, in: &state) }
    }
  }

  private func giveUp(_ patch: Int, in state: inout State) {
    guard let volume = state.kept.removeValue(forKey: patch)?.volume else { return }
    state.byteCount -= Self.bytes(volume)
    buffers.giveBack(volume.storage)
  }

  /// Keeps a prediction, giving up those that were not used for the longest time.
  private func keep(_ volume: Volume<Float>, of patch: Int, in state: inout State) {
    state.underWay[patch] = nil
    let size = Self.bytes(volume)
    guard size <= byteLimit, state.kept[patch] == nil else { return }
    while state.byteCount + size > byteLimit,
      let oldest = state.kept.min(by: { $0.value.lastUse < $1.value.lastUse })
    {
      giveUp(oldest.key, in: &state)
    }
    state.clock += 1
    state.kept[patch] = Entry(
      volume: volume, lastUse: state.clock, unused: volume.extent.voxelCount)
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
