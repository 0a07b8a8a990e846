package import Voxels

/// The ways in which a network is shown every patch before its answers are put together.
public enum TestTimeAugmentation: String, CaseIterable, Hashable, Sendable {
  /// As it lies.
  case none
  /// Mirrored along y and x: 4 runs.
  case flipsYX = "flips-yx"
  /// Mirrored along every axis: 8 runs.
  case flips
  /// Mirrored, and turned by 90° in the plane of y and x: 16 runs.
  case turns
  /// Mirrored, and turned about every axis: 48 runs, for voxels that are cubes.
  case all

  /// The symmetries, that which changes nothing first.
  public var symmetries: [AxisSymmetry] {
    let orders =
      switch self {
      case .none, .flipsYX, .flips: [[0, 1, 2]]
      case .turns: [[0, 1, 2], [0, 2, 1]]
      case .all: [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
      }
    return orders.flatMap { axes in
      (0..<8).map { bits in
        AxisSymmetry(axes: axes, reversed: [bits & 4 != 0, bits & 2 != 0, bits & 1 != 0])
      }
    }
    .filter { symmetry in
      switch self {
      case .none: symmetry == .identity
      case .flipsYX: !symmetry.reversed[0]
      case .flips, .turns, .all: true
      }
    }
  }

  /// The axes, z, y and x as 0, 1 and 2, that must be equally long in a patch.
  var exchangedAxes: [Int] {
    switch self {
    case .none, .flipsYX, .flips: []
    case .turns: [1, 2]
    case .all: [0, 1, 2]
    }
  }
}

/// How the answers to a patch shown in several ways become one.
public enum AnswerEnsemble: String, CaseIterable, Hashable, Sendable {
  /// Their mean.
  case mean
  /// The least: of affinities, the answer that sees a boundary.
  case minimum
}

/// One way in which the network is shown a patch, and how its answer is read.
package struct PatchView: Hashable, Sendable {
  /// Where a channel of the prediction is found in the network's output.
  package struct Source: Hashable, Sendable {
    /// The network's channel.
    package var channel: Int
    /// What is added to a voxel's position to get that of the voxel at which the network gives the
    /// value, both in the patch as it lies.
    package var shift: VoxelExtent
  }
  package var symmetry: AxisSymmetry
  /// For each channel of the prediction.
  package var sources: [Source]
}

extension PredictionOutput {
  /// The output put together from the answers to patches shown in several ways.
  ///
  /// A network's channel with the offset `o` relates a voxel and the one `o` away from it. In a
  /// patch that is mirrored or turned these are two voxels `d` apart, where `d` is `o` turned
  /// back. Where the wanted offset is `d`, the value is right where it is; where it is `−d`, it
  /// belongs to the other of the two voxels.
  ///
  /// - Parameters:
  ///   - augmentation: The ways in which patches are shown.
  ///   - ensemble: How the answers become one.
  ///   - description: What the model's channels mean, and its voxel size.
  /// - Returns: The output with its views.
  /// - Throws: `missingMeaning` for a model that does not say which voxels its channels relate;
  ///   `mismatch` where a turn would need an offset that it does not predict, or cubic voxels.
  public func augmented(
    by augmentation: TestTimeAugmentation, ensemble: AnswerEnsemble = .mean,
    _ description: ModelDescription
  ) throws(ModelError) -> PredictionOutput {
    guard augmentation != .none else { return self }
    guard let offsets = description.offsets else {
      throw ModelError(
        .missingMeaning, path: description.path,
        "mirrored and turned patches need a model that says which voxels its channels relate",
        expected: "the metadata property offsets; 0,0,0 for a channel of single voxels")
    }
    if augmentation == .all { try description.checkCubicVoxels() }
    var result = self
    result.ensemble = ensemble
    result.views = []
    for symmetry in augmentation.symmetries {
      var view = PatchView(symmetry: symmetry, sources: [])
      for channel in channels {
        view.sources.append(
          try Self.source(
            of: channel, under: symmetry, offsets: offsets, augmentation, description.path))
      }
      result.views.append(view)
    }
    return result
  }

  private static func source(
    of channel: Int, under symmetry: AxisSymmetry, offsets: [VoxelExtent],
    _ augmentation: TestTimeAugmentation, _ path: String
  ) throws(ModelError) -> PatchView.Source {
    let wanted = offsets[channel]
    // The channel itself before others of the same offset.
    for candidate in [channel] + offsets.indices {
      let found = symmetry.original(ofStep: offsets[candidate])
      if found == wanted { return PatchView.Source(channel: candidate, shift: .zero) }
      if found * -1 == wanted { return PatchView.Source(channel: candidate, shift: wanted) }
    }
    throw ModelError(
      .mismatch, path: path,
      "the model predicts no channel that answers for another one in a mirrored or turned patch",
      found: "the offsets " + offsets.map { $0.offsetText }.joined(separator: ";"),
      expected: "for \(wanted.offsetText) also what it becomes by --test-time-augmentation "
        + augmentation.rawValue,
      remedy: "choose another --test-time-augmentation, or none")
  }
}

extension ModelDescription {
  fileprivate func checkCubicVoxels() throws(ModelError) {
    guard let size = voxelSize, abs(size.z - size.y) <= 0.01 * size.y,
      abs(size.x - size.y) <= 0.01 * size.y
    else {
      throw ModelError(
        .mismatch, path: path, "turns about every axis are for models of cubic voxels",
        found: voxelSize.map { "\($0.z) × \($0.y) × \($0.x)" } ?? "no voxel_size_nm",
        remedy: "use --test-time-augmentation turns, which turns y and x alone")
    }
  }
}

extension VoxelExtent {
  /// The lengths as a model's properties write an offset.
  var offsetText: String { "\(z),\(y),\(x)" }
}
