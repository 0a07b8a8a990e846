import Blockwise
import Synchronization
package import VolumeStore
package import Voxels

/// A volume in memory that records its chunks as a stored one does, and can lose, damage or
/// refuse them.
package final class MemoryVolume: VolumeWriter {
  private struct Chunk {
    var record: ChunkRecord
    var values: any Sendable
  }

  private struct State {
    var chunks: [VoxelPosition: Chunk] = [:]
    var manifest: [ChunkRecord]?
    var callsUntilFailure = Int.max
  }

  package let path: String
  package let metadata: VolumeMetadata
  private let state = Mutex(State())

  package init(
    _ path: String = "memory", extent: VoxelExtent, dataType: DataType, storageUnit: VoxelExtent,
    channels: Int = 1
  ) {
    self.path = path
    metadata = VolumeMetadata(
      extent: extent, channels: channels, dataType: dataType, voxelSize: nil,
      storageUnit: storageUnit)
  }

  /// Makes the `count`-th call from now that touches the disk fail, once.
  package func failCall(after count: Int) {
    state.withLock { $0.callsUntilFailure = count }
  }

  /// The records given at the end; nil before.
  package var manifest: [ChunkRecord]? { state.withLock { $0.manifest } }

  /// The number of chunks stored.
  package var chunkCount: Int { state.withLock { $0.chunks.count } }

  /// Removes the chunk that holds a position.
  package func lose(at position: VoxelPosition) {
    state.withLock { _ = $0.chunks.removeValue(forKey: corner(of: position)) }
  }

  /// Changes what is stored of the chunk that holds a position: its checksum no longer fits.
  package func damage(at position: VoxelPosition) {
    state.withLock { $0.chunks[corner(of: position)]?.record.crc32c ^= 1 }
  }

  package func read<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type
  ) throws(VolumeError) -> Volume<Scalar> {
    try count()
    guard metadata.box.contains(box), !box.isEmpty else {
      throw VolumeError(.outOfBounds, path: path, "the box reaches outside")
    }
    guard Scalar.dataType == metadata.dataType else {
      throw VolumeError(.dataTypeMismatch, path: path, "the volume holds another type")
    }
    var result = Volume<Scalar>(channels: metadata.channels, box: box)
    for chunk in state.withLock({ Array($0.chunks.values) }) {
      guard let values = chunk.values as? Volume<Scalar> else { continue }
      result.copy(from: values)
    }
    return result
  }

  package func write<Scalar: VoxelScalar>(
    _ volume: borrowing Volume<Scalar>
  ) throws(VolumeError) -> [ChunkRecord] {
    try count()
    guard Scalar.dataType == metadata.dataType else {
      throw VolumeError(.dataTypeMismatch, path: path, "the volume holds another type")
    }
    let region = volume.box
    let grid = BlockGrid(
      region: region, blockExtent: metadata.storageUnit, volume: metadata.box)
    try grid.checkAlignment(storageUnit: metadata.storageUnit, path: path)
    var records: [ChunkRecord] = []
    for block in grid.blocks() {
      let part = volume.cropped(to: block.writeBox)
      let origin = block.writeBox.origin
      let record = ChunkRecord(
        key: "\(origin.z)/\(origin.y)/\(origin.x)",
        storing: part.span.bytes)
      let chunk = Chunk(record: record, values: part)
      state.withLock { $0.chunks[origin] = chunk }
      records.append(record)
    }
    return records
  }

  package func isIntact(_ record: ChunkRecord) throws(VolumeError) -> Bool {
    try count()
    return state.withLock { $0.chunks.values.contains { $0.record == record } }
  }

  package func synchronize() throws(VolumeError) { try count() }

  package func finish(_ records: [ChunkRecord]) throws(VolumeError) {
    try count()
    state.withLock { $0.manifest = records }
  }

  package func removePartialFiles() {}

  private func count() throws(VolumeError) {
    let fails = state.withLock { state in
      state.callsUntilFailure -= 1
      return state.callsUntilFailure == 0
    }
    guard fails else { return }
    throw VolumeError(.inputOutput, path: path, "no space left on device")
  }

  private func corner(of position: VoxelPosition) -> VoxelPosition {
    let unit = metadata.storageUnit
    return VoxelPosition(
      z: position.z / unit.z * unit.z, y: position.y / unit.y * unit.y,
      x: position.x / unit.x * unit.x)
  }
}
