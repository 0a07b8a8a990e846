import CHDF5
import VolumeStore
import Voxels

/// Which datasets of a file are the volume that is asked for.
struct HDF5Layout: Sendable {
  /// One level of a pyramid.
  struct Level: Sendable {
    /// The datasets, one for each value of a voxel: channels varying fastest, then time points.
    var datasets: [String]
    /// The part that holds voxels, where the datasets are padded.
    var extent: VoxelExtent?
    /// The scale where it does not lie beside the dataset.
    var scale: HDF5Scale?
  }

  /// The levels, finest first.
  var levels: [Level]
  /// The time points that the datasets of a level are of.
  var timePoints = 1
  /// The order of the axes, where the layout fixes it.
  var axes: VolumeAxes?
  /// Whether signed values stand for unsigned ones of the same bits.
  var isUnsigned = false
  /// What was assumed.
  var notes: [String] = []

  /// The places where common programs put their volume, the likelier ones first.
  ///
  /// Source: CREMI (`volumes`), pytc (`main`), ilastik (`exported_data`), FFN (`raw`, `stack`).
  private static let knownPlaces = [
    "/volumes/raw", "/volumes/labels/neuron_ids", "/volumes/labels/clefts", "/main",
    "/exported_data", "/raw", "/stack", "/data",
  ]

  /// The most datasets that are looked at to find the volumes among them.
  private static let mostExamined = 4096

  /// Finds the volume of a file.
  static func found(_ path: String, dataset: String?) throws(VolumeError) -> HDF5Layout {
    _ = try FileStatus.ofFile(path)
    return try withHDF5 { library throws(VolumeError) in
      let file = try library.openFile(path)
      return try HDF5Layout(library, file.id, path: path, dataset: dataset)
    }
  }

  /// Finds the volume of an open file; without a dataset named, the layout chooses.
  ///
  /// - Throws: ``VolumeError`` with `notFound` where there is none, or several to choose from.
  init(
    _ library: borrowing HDF5Library, _ file: hid_t, path: String, dataset: String?
  ) throws(VolumeError) {
    if let dataset, !HDF5Layout.isSetup(dataset) {
      levels = [Level(datasets: [dataset])]
      if HDF5Layout.isCells(dataset) { markBigDataViewer() }
      return
    }
    let paths = try library.datasetPaths(file, path: path)
    if paths.contains(where: { $0.hasPrefix("/DataSet/ResolutionLevel 0/") }), dataset == nil {
      self = try HDF5Layout(imaris: paths, library, file, path: path)
    } else if paths.contains("/s00/resolutions") || paths.contains(where: HDF5Layout.isCells) {
      self = try HDF5Layout(bigDataViewer: paths, library, file, path: path, setup: dataset)
    } else if let dataset {
      levels = [Level(datasets: [dataset])]
    } else {
      let volumes = HDF5Layout.volumes(paths, library, file, path: path)
      let choice = try HDF5Layout.choice(volumes, path: path)
      let others = volumes.map { $0.path }.filter { $0 != choice }
      levels = [Level(datasets: [choice])]
      notes.append(
        "\(path): dataset \(choice) taken"
          + (others.isEmpty ? "" : "; there are also \(HDF5Layout.list(others))"))
    }
  }

  init(levels: [Level]) { self.levels = levels }

  // MARK: Other files

  /// A dataset that may be a volume.
  private struct Candidate {
    var path: String
    var description: String
  }

  private static func volumes(
    _ paths: [String], _ library: borrowing HDF5Library, _ file: hid_t, path: String
  ) -> [Candidate] {
    var volumes: [Candidate] = []
    for name in paths.prefix(mostExamined) {
      guard let dataset = try? library.openDataset(file, name, cache: nil, path: path),
        let lengths = try? library.dimensions(dataset.id, name, path: path),
        (3...5).contains(lengths.count), let type = library.dataType(dataset.id).type
      else { continue }
      volumes.append(
        Candidate(
          path: name, description: "\(name) (\(type.rawValue), \(lengths.sizesDescription))"))
    }
    return volumes
  }

  private static func choice(_ volumes: [Candidate], path: String) throws(VolumeError) -> String {
    if volumes.count == 1 { return volumes[0].path }
    let known = knownPlaces.filter { place in volumes.contains { $0.path == place } }
    // Grey values beside their labels, as in CREMI files, are no ambiguity; anything else is.
    if let first = known.first, known.count == 1 || first == knownPlaces[0] { return first }
    throw VolumeError(
      .notFound, path: path,
      volumes.isEmpty ? "the file holds no volume" : "the file holds several volumes",
      found: volumes.isEmpty ? nil : list(volumes.map(\.description)),
      remedy: volumes.isEmpty
        ? "name a file with a dataset of 3 to 5 axes, or one of 2 by --dataset and --axes"
        : "name one of them, such as --dataset \(volumes[0].path)")
  }

  /// An error about a dataset, with the volumes that are there.
  static func naming(
    _ library: borrowing HDF5Library, _ file: hid_t, path: String, in error: VolumeError
  ) -> VolumeError {
    var error = error
    let paths = (try? library.datasetPaths(file, path: path)) ?? []
    let volumes = volumes(paths, library, file, path: path)
    if let first = volumes.first {
      error.found = list(volumes.map(\.description))
      error.remedy = "name one of them, such as --dataset \(first.path)"
    }
    return error
  }

  static func list(_ names: [String]) -> String {
    names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", …" : "")
  }
}
