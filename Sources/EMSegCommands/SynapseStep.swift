import Blockwise
import CommandLineInterface
import Labels
import Synapses
import Synchronization
import VolumeStore
import Voxels

/// Finds the synapses of all objects of a labelled prediction, each object by itself.
struct SynapseStep {
  let prediction: SynapsePrediction
  /// The objects: labels over the prediction's voxels.
  let objects: any VolumeReader
  let segments: AlignedLabels
  let supervoxels: AlignedLabels?
  let assignment: any PartnerAssignment

  /// The bytes that a scene takes for each voxel: labels three times, distances and marks, values.
  private var bytesPerVoxel: Int { 3 * 8 + 2 * 8 + 4 + 8 * prediction.reader.metadata.channels }

  /// Finds the synapses.
  ///
  /// - Returns: Those of the first object before those of the next, and how many objects there are.
  /// - Throws: ``VolumeError`` with `limitExceeded` where an object does not fit the memory; what
  ///   reading throws.
  func synapses(_ runner: StageRunner) throws -> (synapses: [Synapse], objectCount: Int) {
    let table = try statistics(runner)
    let labels = table.labels
    let found = Mutex([[Synapse]](repeating: [], count: labels.count))
    let failure = Mutex<(index: Int, error: any Error)?>(nil)
    let boxes = labels.map { sceneBox(of: table[$0]?.box ?? objects.metadata.box) }
    let largest = boxes.map(\.extent.voxelCount).max() ?? 0
    let room = max(0, runner.options.memory.bytes - MemoryBudget.programBytes)
    let threads = min(runner.options.threads, room / max(1, largest * bytesPerVoxel))
    guard threads > 0 else { throw tooLarge(largest, table, room: room) }
    let line = runner.context.progress(
      "partners", total: labels.count, unit: .items("objects"))
    defer { _ = line.finish() }
    concurrentForEach(0..<labels.count, threads: threads) { index in
      guard failure.withLock({ $0 == nil }) else { return }
      do {
        try runner.context.checkCancellation()
        let synapses = assignment.synapses(in: try scene(of: labels[index], in: boxes[index]))
        found.withLock { $0[index] = synapses }
        line.advance(by: 1)
      } catch {
        failure.withLock { first in
          if let known = first, known.index < index { return }
          first = (index, error)
        }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure.error }
    return (found.withLock { $0.flatMap { $0 } }, labels.count)
  }

  /// The size and the place of every object.
  private func statistics(_ runner: StageRunner) throws -> LabelStatisticsTable {
    let walk = VolumeWalk(reader: objects, runner: runner, label: "find objects", bytesPerVoxel: 8)
    let tables = try walk.results { box in
      var table = LabelStatisticsTable()
      table.add(try objects.readConverting(box, to: UInt64.self))
      return table
    }
    return tables.reduce(into: LabelStatisticsTable()) { $0.merge($1) }
  }

  private var voxelSize: VoxelSize {
    (objects.metadata.voxelSize ?? VoxelSize(z: 1, y: 1, x: 1)).converted(to: .nanometer)
  }

  private func sceneBox(of box: VoxelBox) -> VoxelBox {
    let size = voxelSize
    func margin(_ length: Double) -> Int { Int((assignment.reach / length).rounded(.up)) + 1 }
    return box.grown(
      by: VoxelExtent(z: margin(size.z), y: margin(size.y), x: margin(size.x))
    ).intersection(objects.metadata.box)
  }

  private func scene(of label: UInt64, in box: VoxelBox) throws -> SynapseScene {
    let offset = objects.metadata.offset
    let unit = (objects.metadata.voxelSize?.unit ?? .nanometer).nanometers
    return SynapseScene(
      object: label, objects: try objects.readConverting(box, to: UInt64.self),
      segments: try segments.read(box), supervoxels: try supervoxels?.read(box),
      prediction: try prediction.values(in: box), voxelSize: voxelSize,
      offset: PhysicalPosition(z: offset.z * unit, y: offset.y * unit, x: offset.x * unit))
  }

  private func tooLarge(
    _ voxels: Int, _ table: LabelStatisticsTable, room: Int
  ) -> VolumeError {
    VolumeError(
      .limitExceeded, path: objects.path, "an object is too large to be looked at whole",
      found: "\(ByteCount(voxels * bytesPerVoxel)) needed", expected: "at most \(ByteCount(room))",
      remedy: "raise --threshold, so that objects do not run together, or --memory")
  }
}
