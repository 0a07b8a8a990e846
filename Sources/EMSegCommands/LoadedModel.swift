import Networks
import VolumeStore
package import Voxels

/// A network read from its file, and what identifies it.
struct LoadedModel {
  let model: ONNXModel
  let description: ModelDescription
  let identity: String

  /// Reads a model.
  ///
  /// - Parameter nameOrPath: A file, or the name of a model that comes with the program.
  /// - Throws: ``VolumeError`` for a model that is not there; ``ModelError``.
  init(_ nameOrPath: String) throws {
    let path = try ShippedModels.installed.path(of: nameOrPath)
    model = try ONNXModel(contentsOfFile: path)
    description = try ModelDescription(model)
    identity = try ContentIdentity.ofContent(at: path)
  }

  /// The agglomeration threshold that the model's author recommends; nil where there is none.
  ///
  /// - Throws: ``ModelError`` where the property is not a cost.
  var agglomerationThreshold: Double? {
    get throws {
      guard let text = model.metadata["agglomeration_threshold"] else { return nil }
      guard let value = Double(text), (0...1).contains(value) else {
        throw ModelError(
          .malformed, path: model.path, "the recommended agglomeration_threshold is no cost",
          found: text, expected: "a number from 0 to 1", remedy: "correct the model's metadata")
      }
      return value
    }
  }
}

/// The choice of a model that comes with the program by the voxel size of a volume.
package struct ModelChoice {
  /// The model's name.
  package let name: String
  let model: LoadedModel

  /// Models of phantoms know nothing of tissue and are used only where they are named.
  private static let phantomPrefix = "phantom-"

  /// Chooses the affinity model that was trained on voxels nearest to a volume's.
  ///
  /// - Throws: ``ModelError`` with `mismatch` where none differs by a tenth or less; it lists them.
  package init(for size: VoxelSize, of models: ShippedModels = .installed) throws {
    var best: (name: String, model: LoadedModel, distance: Double)?
    var known: [String] = []
    for (name, path) in models.list where !name.hasPrefix(Self.phantomPrefix) {
      let model = try LoadedModel(path)
      guard let trained = model.description.voxelSize, model.description.offsets != nil,
        model.description.polarity != nil
      else { continue }
      known.append("\(name) (\(trained.text) nm)")
      guard model.description.fits(size) else { continue }
      let distance = trained.distance(to: size)
      if distance < best?.distance ?? .infinity { best = (name, model, distance) }
    }
    guard let best else {
      throw ModelError(
        .mismatch, "no model that comes with the program was trained on voxels of this size",
        found: "\(size.text) nm",
        expected: known.isEmpty
          ? "a model: there are none for tissue in \(models.folders.joined(separator: " or "))"
          : known.joined(separator: ", "),
        remedy: "name a model with --model, or correct --voxel-size")
    }
    (name, model) = (best.name, best.model)
  }
}

extension ModelDescription {
  /// Whether a volume's voxels are those the model was trained on, to a tenth.
  func fits(_ size: VoxelSize) -> Bool {
    do {
      try check(voxelSize: size)
      return true
    } catch {
      return false
    }
  }
}

extension VoxelSize {
  /// How far the lengths differ, summed over the axes, each as a part of the own length.
  fileprivate func distance(to other: VoxelSize) -> Double {
    let other = other.converted(to: unit)
    return abs(z - other.z) / z + abs(y - other.y) / y + abs(x - other.x) / x
  }
}
