import CommandLineInterface
import Diffusion
import ScannerImages
import Tractography
import VolumeStore
import Voxels

/// Makes directions of an image: a diffusion-weighted one, tensors or peaks.
struct DirectionSource {
  let image: ScannerImage
  let gradients: GradientOptions
  let tracking: TrackingOptions
  let threads: Int

  /// What an image holds.
  private enum Content {
    case signals(GradientTable)
    case tensors
    case peaks
    case densities
    case samples
  }

  /// The directions.
  ///
  /// - Throws: ``UsageError`` or ``VolumeError`` where the image is not what the algorithm needs.
  func directions(_ context: CommandContext) throws -> any DirectionGetter {
    let grid = try image.trackingGrid()
    let cutoff = Float(tracking.cutoff)
    let rules = try tracking.rules(for: grid)
    switch (try content(context), tracking.algorithm) {
    case (.signals(let table), .tensorOfSignals):
      return try signals(table, grid, cutoff)
    case (.signals(let table), .tensorBootstrap):
      return BootstrapDirections(try signals(table, grid, cutoff), gradients: table)
    case (.signals(let table), .tensor):
      return TensorDirections(try tensors(table, context), grid: grid, cutoff: cutoff)
    case (.signals(let table), _):
      let maps = TensorMap.volumes([.v1, .fa], of: try tensors(table, context), threads: threads)
      return PeakDirections(
        maps[0].scaled(by: maps[1]), grid: grid, cutoff: cutoff, angle: rules.angle)
    case (.densities, let algorithm):
      return try densities(algorithm, grid, cutoff, rules)
    case (.samples, _):
      try checkMemory(valuesPerVoxel: 4 * image.volumes)
      return try BedpostSamples(image: image).directions(grid: grid, cutoff: cutoff)
    case (.tensors, _):
      try checkMemory(valuesPerVoxel: 14)
      let tensors = try image.slab(volumes: 0..<6, z: 0..<image.extent.z)
      return TensorDirections(tensors, grid: grid, cutoff: cutoff)
    case (.peaks, _):
      try checkMemory(valuesPerVoxel: image.volumes * 7 / 3)
      let peaks = try image.slab(volumes: 0..<image.volumes, z: 0..<image.extent.z)
      return PeakDirections(peaks, grid: grid, cutoff: cutoff, angle: rules.angle)
    }
  }

  /// Signals, after it was found out whether the table determines a tensor.
  private func signals(
    _ table: GradientTable, _ grid: TrackingGrid, _ cutoff: Float
  ) throws -> SignalDirections {
    _ = try TensorFit(table, method: .linear(start: .equal, iterations: 0))
    try checkMemory(valuesPerVoxel: table.count)
    return try SignalDirections(gradients: table, grid: grid, cutoff: cutoff) { z in
      try image.slab(volumes: 0..<image.volumes, z: z..<z + 1)
    }
  }

  private func densities(
    _ algorithm: TrackingAlgorithm, _ grid: TrackingGrid, _ cutoff: Float, _ rules: TrackingRules
  ) throws -> any DirectionGetter {
    try checkMemory(valuesPerVoxel: 2 * image.volumes + 16)
    let densities = try image.slab(volumes: 0..<image.volumes, z: 0..<image.extent.z)
    return switch algorithm {
    case .ifod1:
      DensityDirections(
        densities, grid: grid, cutoff: cutoff, rules: rules, power: Float(tracking.power))
    case .ifod2:
      DensityArcs(
        densities, grid: grid, cutoff: cutoff, rules: rules, samples: tracking.samples)
    default:
      DensityPeakDirections(
        densities, grid: grid, cutoff: cutoff, first: tracking.seedDirection?.direction)
    }
  }

  private func content(_ context: CommandContext) throws -> Content {
    // A file of densities may carry the gradients on that it was made with.
    if tracking.algorithm.followsDensities {
      _ = try image.harmonicDegree()
      return .densities
    }
    if tracking.algorithm == .bedpostx { return .samples }
    if gradients.isGiven || image.header.gradients != nil {
      return .signals(try gradients.gradients(of: image, context))
    }
    switch tracking.algorithm {
    case .tensor where image.volumes == 6:
      context.note("\(image.path): six volumes without gradients are taken for tensors")
      return .tensors
    case .fact where image.volumes % 3 == 0:
      context.note(
        "\(image.path): \(image.volumes) volumes without gradients are taken for "
          + "\(image.volumes / 3) peaks a voxel")
      return .peaks
    default:
      return .signals(try gradients.gradients(of: image, context))
    }
  }

  /// All values lie in memory while streamlines are followed.
  private func checkMemory(valuesPerVoxel: Int) throws(VolumeError) {
    let extent = image.extent
    guard checkedProduct([extent.z, extent.y, extent.x, valuesPerVoxel, 4]) != nil else {
      throw VolumeError(
        .limitExceeded, path: image.path, "the image is too large", found: image.header.sizeText)
    }
  }

  /// Tensors of all voxels of the mask, fitted by sections.
  private func tensors(_ table: GradientTable, _ context: CommandContext) throws -> Volume<Float> {
    try checkMemory(valuesPerVoxel: 14)
    let fit = try TensorFit(table, method: .linear(start: .signals, iterations: 2))
    let mask = try fittingMask(context)
    let extent = image.extent
    var tensors = Volume<Float>(channels: 6, box: VoxelBox(origin: .zero, extent: extent))
    let progress = context.progress("fit", total: extent.voxelCount, unit: .voxels)
    let plane = extent.y * extent.x
    let sections = max(1, min(extent.z, (24 << 20) / max(1, plane * 4 * table.count)))
    for first in stride(from: 0, to: extent.z, by: sections) {
      try context.checkCancellation()
      let z = first..<min(first + sections, extent.z)
      let signals = try image.slab(volumes: 0..<image.volumes, z: z)
      let result = fit(signals, mask: try mask?.sections(z), threads: threads)
      let count = z.count * plane
      let source = result.tensor.span
      var target = tensors.mutableSpan
      for channel in 0..<6 {
        let start = channel * extent.voxelCount + z.lowerBound * plane
        for voxel in 0..<count { target[start + voxel] = source[channel * count + voxel] }
      }
      progress.advance(by: count)
    }
    progress.finish()
    return tensors
  }

  /// The mask where it has the image's grid; others only bound streamlines.
  private func fittingMask(_ context: CommandContext) throws -> MaskImage? {
    guard let path = tracking.mask else { return nil }
    let file = try ScannerImage(path)
    guard file.extent == image.extent, file.volumes == 1 else { return nil }
    let mask = try MaskImage(path, of: image)
    return mask.displacement(from: image) == nil ? mask : nil
  }
}

extension Volume<Float> {
  /// Vectors times the values of one volume.
  fileprivate func scaled(by factors: Volume<Float>) -> Volume<Float> {
    var product = self
    let count = extent.voxelCount
    var target = product.mutableSpan
    let values = factors.span
    for channel in 0..<channels {
      for voxel in 0..<count { target[channel * count + voxel] *= values[voxel] }
    }
    return product
  }
}
