import CHDF5
import VolumeStore
import Voxels

// Files of BigDataViewer: a dataset for each time point, setup and level.

extension HDF5Layout {
  static func isCells(_ path: String) -> Bool {
    let parts = path.split(separator: "/")
    return parts.count == 4 && parts[3] == "cells" && isNumbered(parts[0], "t")
      && isNumbered(parts[1], "s")
  }

  static func isSetup(_ dataset: String) -> Bool {
    isNumbered(dataset.drop { $0 == "/" }, "s")
  }

  private static func isNumbered(_ text: Substring, _ letter: Character) -> Bool {
    text.first == letter && text.count > 2 && text.dropFirst().allSatisfy { "0"..."9" ~= $0 }
  }

  mutating func markBigDataViewer() {
    axes = .zyx
    isUnsigned = true
  }

  /// Source: BigDataViewer, "HDF5 format", <https://imagej.net/plugins/bdv/>.
  init(
    bigDataViewer paths: [String], _ library: borrowing HDF5Library, _ file: hid_t, path: String,
    setup: String?
  ) throws(VolumeError) {
    let cells = paths.filter(HDF5Layout.isCells).map { $0.split(separator: "/") }
    let setups = Set(cells.map { String($0[1]) }).sorted()
    let wanted = setup.map { $0.filter { $0 != "/" } }
    guard let setup = wanted ?? (setups.count == 1 ? setups[0] : nil), setups.contains(setup) else {
      throw VolumeError(
        .notFound, path: path,
        wanted == nil ? "the file holds several volumes" : "the file has no such setup",
        found: setups.joined(separator: ", "), expected: wanted,
        remedy: "name one of them, such as --dataset \(setups.first ?? "s00")")
    }
    let times = Set(cells.filter { $0[1] == setup }.map { String($0[0]) }).sorted()
    let factors = library.smallNumbers(file, "/\(setup)/resolutions", path: path) ?? []
    let known = Set(paths)
    var levels: [Level] = []
    while levels.count < 64 {
      let datasets = times.map { "/\($0)/\(setup)/\(levels.count)/cells" }
      guard datasets.allSatisfy(known.contains) else { break }
      levels.append(Level(datasets: datasets))
    }
    guard !levels.isEmpty else {
      throw VolumeError(
        .malformedMetadata, path: path, "setup \(setup) is not there at every time point",
        found: HDF5Layout.list(times), remedy: "name one dataset by --dataset")
    }
    self.init(levels: levels)
    timePoints = times.count
    markBigDataViewer()
    notes.append("\(path): BigDataViewer setup \(setup) taken")
    let number = Int(setup.dropFirst())
    let size = number.flatMap { BigDataViewerXML.voxelSize(ofSetup: $0, beside: path) }
    if size == nil {
      notes.append("\(path): the XML beside the file does not say the voxel size of \(setup)")
    }
    for index in self.levels.indices {
      // Factors lie (x, y, z), one row for each level.
      let row = factors.dropFirst(3 * index).prefix(3).map { $0 }
      guard row.count == 3, row.allSatisfy({ $0.isFinite && $0 >= 1 }), let size else {
        self.levels[index].scale = HDF5Scale(voxelSize: nil)
        continue
      }
      // A voxel is the mean of those it covers, and lies in their middle.
      self.levels[index].scale = HDF5Scale(
        voxelSize: VoxelSize(z: size.z * row[2], y: size.y * row[1], x: size.x * row[0]),
        offset: PhysicalPosition(
          z: size.z * (row[2] - 1) / 2, y: size.y * (row[1] - 1) / 2,
          x: size.x * (row[0] - 1) / 2))
    }
  }
}
