import VolumeStore
import Voxels

/// Where the planes of an OME-TIFF image lie: which page of which file.
///
/// Source: OME-TIFF specification 6, "The TiffData element", "Multi-file OME-TIFF filesets".
struct OMEPlanes {
  let image: OMEDescription.Image
  /// The names of the files, the one that was opened first; the others lie in its folder.
  private(set) var fileNames: [String]
  /// The file and page of every plane, in order of time point, channel, section; nil where the
  /// description tells none.
  private(set) var places: [Place?]

  struct Place {
    var file: Int
    var page: Int
  }

  private let order: [VolumeAxis]

  private static let remedy = "write the file again, or name the order of its pages with --axes"

  /// Finds the planes.
  ///
  /// - Parameters:
  ///   - image: One image of the description.
  ///   - uuid: The identifier of the opened file.
  ///   - path: The opened file.
  /// - Throws: ``VolumeError`` with `malformedMetadata` where a plane lies outside the image, or a
  ///   file outside the folder.
  init(_ image: OMEDescription.Image, uuid: String?, path: String) throws(VolumeError) {
    self.image = image
    order = image.planeAxes
    let own = String(FileStore.split(path).name)
    fileNames = [own]
    let count = checkedProduct(order.map { image.planeCount(along: $0) })
    guard let count, count <= TIFFSurvey.maximalPageCount else {
      throw VolumeError(
        .limitExceeded, path: path, "the OME-XML has too many planes",
        expected: "at most \(TIFFSurvey.maximalPageCount)", remedy: OMEPlanes.remedy)
    }
    places = Array(repeating: nil, count: count)
    guard !image.blocks.isEmpty else {
      for plane in 0..<count { place(plane, Place(file: 0, page: plane)) }
      return
    }
    // A single file keeps its description when it is renamed.
    let named = Set(image.blocks.compactMap(\.fileName))
    let isRenamed = named.count == 1 && !named.contains(own)
    var numbers = [own: 0]
    for block in image.blocks {
      var file = 0
      if let name = block.fileName, name != own, !isRenamed, uuid == nil || block.uuid != uuid {
        guard !name.isEmpty, !name.contains("/"), !name.contains("\\"), name != ".." else {
          throw VolumeError(
            .malformedMetadata, path: path, "the OME-XML names a file in another folder",
            found: name, remedy: "put the files of the set into one folder")
        }
        if let known = numbers[name] {
          file = known
        } else {
          file = fileNames.count
          numbers[name] = file
          fileNames.append(name)
        }
      }
      try add(block, file: file, path: path)
    }
  }

  /// The place of a plane in ``places``, from its number in the order of the description.
  private func slot(_ plane: Int) -> Int {
    var rest = plane
    var indices: [VolumeAxis: Int] = [:]
    for axis in order {
      let length = image.planeCount(along: axis)
      indices[axis] = rest % length
      rest /= length
    }
    return slot(indices)
  }

  private func slot(_ indices: [VolumeAxis: Int]) -> Int {
    ((indices[.time] ?? 0) * image.planeCount(along: .channel) + (indices[.channel] ?? 0))
      * image.planeCount(along: .z) + (indices[.z] ?? 0)
  }

  private mutating func place(_ plane: Int, _ place: Place) { places[slot(plane)] = place }

  private mutating func add(
    _ block: OMEDescription.Block, file: Int, path: String
  ) throws(VolumeError) {
    var first = 0
    var step = 1
    for axis in order {
      let length = image.planeCount(along: axis)
      // Channels are counted with all their samples.
      let index =
        (block.first[axis] ?? 0) / (axis == .channel ? image.samplesPerPixel : 1)
      guard index < length else {
        throw VolumeError(
          .malformedMetadata, path: path, "the OME-XML places a plane outside the image",
          found: "First\(axis.rawValue.uppercased()) \(index)", expected: "below \(length)",
          remedy: OMEPlanes.remedy)
      }
      first += index * step
      step *= length
    }
    let count = block.planeCount ?? (block.page == nil ? places.count - first : 1)
    guard count <= places.count - first else {
      throw VolumeError(
        .malformedMetadata, path: path, "the OME-XML places planes outside the image",
        found: "\(count) planes from plane \(first) on", expected: "\(places.count) in all",
        remedy: OMEPlanes.remedy)
    }
    for index in 0..<count {
      place(first + index, Place(file: file, page: (block.page ?? 0) + index))
    }
  }
}
