import CommandLineInterface
import Diffusion
import FoundationEssentials
import ScannerImages
import Synchronization
import VolumeStore
import Voxels

/// One run of `tracts fit`: slabs of whole sections are read, fitted and written one by one.
struct TensorFitRun {
  let command: FitCommand
  let image: ScannerImage
  let gradients: GradientTable
  let mask: MaskImage?
  let fit: TensorFit

  private var maps: [FitMap] { FitMap.allCases.filter(command.maps.contains) }

  func run(_ context: CommandContext) throws {
    let writers = try writers(context)
    let axes = FSLAxes(of: image.header)
    let sections = sectionsAtOnce
    let progress = context.progress(
      "fit", total: image.extent.voxelCount, unit: .voxels)
    var (failed, clipped) = (0, 0)
    for first in stride(from: 0, to: image.extent.z, by: sections) {
      try context.checkCancellation()
      let z = first..<min(first + sections, image.extent.z)
      let signals = try image.slab(volumes: 0..<image.volumes, z: z)
      var result = fit(
        signals, mask: try mask?.sections(z),
        predicting: maps.contains(.predicted) || maps.contains(.residual),
        threads: command.resources.threads)
      failed += result.failed
      if command.isClipping {
        clipped += result.tensor.clipTensors(to: fit.leastDiffusivity)
      }
      try write(result, signals, axes, writers)
      progress.advance(by: z.count * image.extent.y * image.extent.x)
    }
    progress.finish()
    try finish(writers)
    if failed > 0 {
      context.note("\(failed) voxels without a positive, finite signal are zero")
    }
    if command.isClipping { context.note("eigenvalues were raised in \(clipped) voxels") }
  }

  /// The bytes of signals that are taken at a time: memory that small is used again from slab to
  /// slab and not given back to the system.
  private static let slabByteCount = 24 << 20

  /// The sections that fit into the memory given.
  private var sectionsAtOnce: Int {
    let values = maps.contains(.predicted) || maps.contains(.residual) ? 4 : 2
    guard
      let signals = checkedProduct([image.extent.y, image.extent.x, image.volumes, 4]),
      let all = checkedProduct([signals, values])
    else { return 1 }
    let fitting = min(
      TensorFitRun.slabByteCount / max(1, signals), command.resources.memory.bytes / max(1, all))
    return max(1, min(image.extent.z, fitting))
  }

  private func writers(_ context: CommandContext) throws -> [ScannerImageWriter] {
    let folder = command.output
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw VolumeError(
        .inputOutput, path: folder, "cannot create the folder",
        remedy: "choose an output that can be written", cause: error)
    }
    let rows = zip(gradients.directions, gradients.bValues).map { SIMD4($0, $1) }
    return try maps.map { map in
      try ScannerImageWriter(
        "\(folder)/\(map.rawValue).\(command.format.rawValue)",
        ScannerImageWriter.Description(
          extent: image.extent, volumes: map.volumes(of: image.volumes),
          transform: image.transform,
          gradients: map == .predicted || map == .residual ? rows : nil,
          note:
            "\(context.tool) \(context.version) fit \(map.rawValue) (\(command.method.rawValue))"),
        replacing: command.isReplacing)
    }
  }

  private func write(
    _ result: TensorFit.Result, _ signals: borrowing Volume<Float>, _ axes: FSLAxes,
    _ writers: [ScannerImageWriter]
  ) throws {
    let wanted = maps.compactMap(\.tensorMap)
    let volumes = TensorMap.volumes(
      wanted, of: result.tensor, threads: command.resources.threads)
    for (map, writer) in zip(maps, writers) {
      switch map {
      case .tensor:
        var tensor = result.tensor
        if command.order != .mrtrix {
          tensor.turnTensors(to: command.order.tensorOrder, along: axes.x, axes.y, axes.z)
        }
        try writer.write(tensor)
      case .s0: try writer.write(result.baseline)
      case .predicted:
        if let predicted = result.predicted { try writer.write(predicted) }
      case .residual:
        if let predicted = result.predicted {
          try writer.write(signals.residual(to: predicted, of: result.tensor))
        }
      default:
        guard let index = wanted.firstIndex(where: { $0 == map.tensorMap }) else { continue }
        var volume = volumes[index]
        if map.isDirection, command.order != .mrtrix {
          volume.turnDirections(along: axes.x, axes.y, axes.z)
        }
        try writer.write(volume)
      }
    }
  }

  /// Packs and names the files, several at once.
  private func finish(_ writers: [ScannerImageWriter]) throws {
    let failure = Mutex<VolumeError?>(nil)
    concurrentForEach(0..<writers.count, threads: command.resources.threads) { index in
      do throws(VolumeError) {
        try writers[index].finish()
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }
}

extension Volume<Float> {
  /// What signals, (volume, z, y, x), are above those predicted; zero where there is no tensor.
  fileprivate func residual(to predicted: Volume<Float>, of tensors: Volume<Float>) -> Volume<Float>
  {
    var residual = predicted
    let count = extent.voxelCount
    var target = residual.mutableSpan
    let (signals, fitted) = (span, tensors.span)
    for voxel in 0..<count {
      let isFitted = (0..<6).contains { fitted[$0 * count + voxel] != 0 }
      for channel in 0..<channels {
        let place = channel * count + voxel
        target[place] = isFitted ? signals[place] - target[place] : 0
      }
    }
    return residual
  }
}
