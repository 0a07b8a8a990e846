import Codecs
import Glibc
import SectionFormats
import Synchronization
import VolumeFormats
import VolumeStore
import Voxels
import ZarrStore

// What tools/bench/store measures of ours: told over standard input what to do, one line for each
// task, it answers with the seconds, the bytes and their checksum.
//
//     Store THREADS FOLDER
//     TASK TYPE LAYOUT PATH PART PARTS HASHING

/// What a task gave: the bytes of its values and, where asked for, their checksums.
struct Tally: Sendable {
  var byteCount = 0
  var checksum: UInt32 = 0

  mutating func add<Scalar: VoxelScalar>(_ volume: Volume<Scalar>, hashing: Bool) {
    byteCount += volume.span.count * MemoryLayout<Scalar>.stride
    if hashing { checksum ^= crc32c(volume.span.bytes) }
  }
}

struct Worker {
  let threads: Int
  let folder: String
  var input: (type: String, volume: any Sendable)?

  mutating func run(_ words: [String]) throws -> (Duration, Tally) {
    let (task, type, path) = (words[0], words[1], words[3])
    let (part, parts) = (Int(words[4]) ?? 0, Int(words[5]) ?? 1)
    let isHashing = words[6] == "1"
    let dataType: DataType = type == "uint8" ? .uint8 : .uint64
    switch task {
    case "write" where words[2] == "stack": return try writeStack(path)
    case "write": return try write(dataType.scalarType, type, path)
    case "import": return try copy("\(folder)/\(words[2])", to: path)
    case "whole": return try readWhole(dataType.scalarType, path, isHashing)
    default:
      let boxes = try boxes("\(task).list")
      let range = boxes.count * part / parts..<boxes.count * (part + 1) / parts
      return try read(boxes[range], dataType.scalarType, path, isHashing)
    }
  }

  private mutating func write<Scalar: VoxelScalar>(
    _ kind: Scalar.Type, _ type: String, _ path: String
  ) throws -> (Duration, Tally) {
    let volume = try input(kind, type)
    let array = try ZarrArray.open(at: path)
    let elapsed = try ContinuousClock().measure {
      _ = try array.write(volume, threads: threads)
      try array.synchronize()
    }
    var tally = Tally()
    tally.add(volume, hashing: false)
    return (elapsed, tally)
  }

  private mutating func input<Scalar: VoxelScalar>(
    _ kind: Scalar.Type, _ type: String
  ) throws -> Volume<Scalar> {
    if input?.type != type {
      let source = try ZarrArray.open(at: "\(folder)/\(type)-plain.zarr")
      input = nil
      input = (type, try source.read(source.metadata.box, as: kind, threads: 2))
    }
    guard let volume = input?.volume as? Volume<Scalar> else { throw CancellationError() }
    return volume
  }

  /// Writes one TIFF file with many pages.
  private mutating func writeStack(_ path: String) throws -> (Duration, Tally) {
    let volume = try input(UInt8.self, "uint8")
    let source = try ZarrArray.open(at: "\(folder)/uint8-plain.zarr")
    let elapsed = try ContinuousClock().measure {
      let sink = try TIFFExport.create(
        ExportRequest(
          path: "\(path)/stack.tif", metadata: source.metadata, isLabels: false,
          threads: threads))
      let unit = sink.unit.z
      for z in stride(from: 0, to: volume.extent.z, by: unit) {
        var box = volume.box
        box = VoxelBox(
          origin: VoxelPosition(z: z, y: 0, x: 0),
          extent: VoxelExtent(
            z: min(unit, volume.extent.z - z), y: volume.extent.y, x: volume.extent.x))
        try sink.write(volume.cropped(to: box))
      }
      try sink.finish()
    }
    var tally = Tally()
    tally.add(volume, hashing: false)
    return (elapsed, tally)
  }

  /// Copies sections into an array, layers of chunks side by side.
  private func copy(_ source: String, to path: String) throws -> (Duration, Tally) {
    let tally = Mutex(Tally())
    let failure = Mutex<VolumeError?>(nil)
    let clock = ContinuousClock()
    let start = clock.now
    let sections = try openVolume(source).reader
    let array = try ZarrArray.open(at: path)
    let extent = array.metadata.extent
    let depth = array.metadata.storageUnit.z
    concurrentForEach(0..<(extent.z + depth - 1) / depth, threads: threads) { layer in
      do throws(VolumeError) {
        let box = VoxelBox(
          origin: VoxelPosition(z: layer * depth, y: 0, x: 0),
          extent: VoxelExtent(
            z: min(depth, extent.z - layer * depth), y: extent.y, x: extent.x))
        let volume = try sections.read(box, as: UInt8.self)
        _ = try array.write(volume)
        tally.withLock { $0.add(volume, hashing: false) }
      } catch {
        failure.withLock { $0 = error }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure }
    try array.synchronize()
    return (clock.now - start, tally.withLock { $0 })
  }

  private func readWhole<Scalar: VoxelScalar>(
    _ kind: Scalar.Type, _ path: String, _ isHashing: Bool
  ) throws -> (Duration, Tally) {
    let array = try open(path)
    let clock = ContinuousClock()
    let start = clock.now
    let volume =
      if let zarr = array as? ZarrArray {
        try zarr.read(zarr.metadata.box, as: kind, threads: threads)
      } else {
        try array.read(array.metadata.box, as: kind)
      }
    let elapsed = clock.now - start
    var tally = Tally()
    tally.add(volume, hashing: isHashing)
    return (elapsed, tally)
  }

  /// Reads boxes side by side.
  private func read<Scalar: VoxelScalar>(
    _ boxes: ArraySlice<VoxelBox>, _ kind: Scalar.Type, _ path: String, _ isHashing: Bool
  ) throws -> (Duration, Tally) {
    let array = try open(path)
    let tally = Mutex(Tally())
    let failure = Mutex<VolumeError?>(nil)
    let elapsed = ContinuousClock().measure {
      concurrentForEach(boxes.indices, threads: threads) { index in
        do throws(VolumeError) {
          let volume = try array.read(boxes[index], as: kind)
          tally.withLock { $0.add(volume, hashing: isHashing) }
        } catch {
          failure.withLock { $0 = error }
        }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure }
    return (elapsed, tally.withLock { $0 })
  }

  private func open(_ path: String) throws -> any VolumeReader {
    if path.hasSuffix(".zarr") { return try ZarrArray.open(at: path) }
    return try openVolume(path).reader
  }

  private func boxes(_ name: String) throws -> [VoxelBox] {
    let text = try FileStore(root: folder).read(name, limit: 1 << 20) ?? []
    return String(decoding: text, as: UTF8.self).split(separator: "\n").map { line in
      let numbers = line.split(separator: " ").compactMap { Int($0) }
      return VoxelBox(
        origin: VoxelPosition(z: numbers[0], y: numbers[1], x: numbers[2]),
        extent: VoxelExtent(z: numbers[3], y: numbers[4], x: numbers[5]))
    }
  }
}

let arguments = CommandLine.arguments
guard arguments.count == 3, let threads = Int(arguments[1]) else {
  print("usage: Store THREADS FOLDER")
  throw CancellationError()
}
var worker = Worker(threads: threads, folder: arguments[2])
while let line = readLine() {
  let (elapsed, tally) = try worker.run(line.split(separator: " ").map { String($0) })
  print("\(elapsed / .seconds(1)) \(tally.byteCount) \(tally.checksum)")
  fflush(nil)
}
