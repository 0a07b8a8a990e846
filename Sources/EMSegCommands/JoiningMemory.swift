package import Blockwise
import Labels
import Synchronization
import VolumeStore
import Voxels

/// Joins blocks within a part of the memory of a run.
struct JoiningMemory {
  /// The bytes that components may take while blocks are joined.
  private let working: Int
  /// The bytes of numbers that stay in memory while blocks are written.
  let kept: Int

  init(budget: Int) {
    working = budget / 4
    kept = budget / 8
  }

  /// Room for the numbers of components; what it has no room for goes to files.
  func pages(_ files: BlockFiles) -> any NumberPages { SpillingPages(bytes: kept, files: files) }

  /// Joins the seams that a stage left in the first column of its files.
  func join(
    _ seams: BlockFiles, of grid: BlockGrid, keeping filter: ComponentFilter,
    spillingTo files: BlockFiles
  ) throws -> ComponentMap {
    let joiner = SeamJoiner(region: grid.region, gridExtent: grid.counts)
    return try joiner.join(keeping: filter, memory: working, pages: pages(files)) { index in
      let table = try seams.read(index)
      return try BlockSeams(
        decoding: try table.column(0, as: UInt8.self),
        ownBox: grid.block(index).writeBox, region: grid.region)
    }
  }
}

/// Pages in memory as far as there is room, the others in files.
package final class SpillingPages: NumberPages {
  private struct Held {
    var pages: [Int: [UInt64]] = [:]
    var bytesLeft: Int
  }

  private let held: Mutex<Held>
  private let files: BlockFiles

  /// Creates a store without pages.
  package init(bytes: Int, files: BlockFiles) {
    held = Mutex(Held(bytesLeft: bytes))
    self.files = files
  }

  /// Keeps a page, in place of an earlier one of that index.
  package func store(_ page: [UInt64], at index: Int) throws {
    let isHeld = held.withLock { held in
      let freed = (held.pages[index]?.count ?? 0) * 8
      guard page.count * 8 <= held.bytesLeft + freed else {
        held.bytesLeft += freed
        held.pages[index] = nil
        return false
      }
      held.bytesLeft += freed - page.count * 8
      held.pages[index] = page
      return true
    }
    guard !isHeld else { return }
    var table = BlockTable()
    table.append(page)
    let box = VoxelBox(extent: .zero)
    _ = try files.write(table, for: Block(index: index, writeBox: box, readBox: box))
  }

  /// A page that was stored.
  package func page(_ index: Int) throws -> [UInt64] {
    if let page = held.withLock({ $0.pages[index] }) { return page }
    return try files.read(index).column(0, as: UInt64.self)
  }
}
