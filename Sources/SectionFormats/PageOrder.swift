import VolumeStore
import Voxels

/// How the pages of a stack count sections, channels and time points.
struct PageOrder {
  /// The axes that pages count, slowest first.
  var axes: [VolumeAxis]
  /// Their lengths.
  var lengths: [Int]

  /// Pages that are sections.
  init(sections: Int) {
    (axes, lengths) = ([.z], [sections])
  }

  init(_ axes: [VolumeAxis], _ lengths: [Int]) {
    (self.axes, self.lengths) = (axes, lengths)
  }

  /// The length of an axis; 1 where pages do not count it.
  func length(_ axis: VolumeAxis) -> Int {
    zip(axes, lengths).first { $0.0 == axis }?.1 ?? 1
  }

  /// The pages, in order of their time point, then channel, then section.
  var pages: [Int] {
    func step(_ axis: VolumeAxis) -> Int {
      guard let place = axes.firstIndex(of: axis) else { return 0 }
      return lengths[(place + 1)...].reduce(1, *)
    }
    let (timeStep, channelStep, sectionStep) = (step(.time), step(.channel), step(.z))
    var pages: [Int] = []
    for time in 0..<length(.time) {
      for channel in 0..<length(.channel) {
        for z in 0..<length(.z) {
          pages.append(time * timeStep + channel * channelStep + z * sectionStep)
        }
      }
    }
    return pages
  }

  // MARK: What the user states

  /// Takes pages as the user says.
  ///
  /// - Parameters:
  ///   - stated: The axes, of which y and x, and c where a pixel has several values, are in the page.
  ///   - shape: Their lengths.
  ///   - height: The rows of a page.
  ///   - width: The columns of a page.
  ///   - samples: The values of a pixel.
  ///   - pageCount: How many pages there are.
  ///   - known: The lengths that the files give.
  ///   - path: The stack's name in messages.
  /// - Throws: ``VolumeError`` with `malformedMetadata` where the pages cannot be those.
  init(
    _ stated: VolumeAxes, shape: [Int]?, height: Int, width: Int, samples: Int, pageCount: Int,
    known: [VolumeAxis: Int], path: String
  ) throws(VolumeError) {
    func mismatch(_ message: String, found: String, expected: String?) -> VolumeError {
      VolumeError(
        .malformedMetadata, path: path, message, found: found, expected: expected,
        remedy: "state the axes of the pages, slowest first, such as --axes t,c,z,y,x with --shape")
    }
    let inPage: [VolumeAxis] = samples > 1 ? [.channel, .y, .x] : [.y, .x]
    axes = stated.order.filter { !inPage.contains($0) }
    let outside = stated.order.filter { samples == 1 || $0 != .channel }
    guard Array(outside.suffix(2)) == [.y, .x]
    else {
      throw mismatch(
        "a page of a stack is y by x", found: "axes \(stated)", expected: "axes that end in y,x")
    }
    guard samples == 1 || stated.contains(.channel) else {
      throw mismatch(
        "every pixel has several values", found: "axes \(stated)", expected: "an axis c")
    }
    if let shape {
      guard shape.count == stated.order.count else {
        throw mismatch(
          "the shape has another number of axes", found: "\(shape)",
          expected: "a length for each of \(stated)")
      }
      let byAxis = Dictionary(uniqueKeysWithValues: zip(stated.order, shape))
      guard byAxis[.y] == height, byAxis[.x] == width,
        samples == 1 || byAxis[.channel] == samples
      else {
        throw mismatch(
          "the pages have another size", found: "\(height) × \(width) pixels (y × x)",
          expected: "the shape \(shape) of \(stated)")
      }
      lengths = axes.map { byAxis[$0] ?? 1 }
    } else if axes.count <= 1 {
      lengths = axes.map { _ in pageCount }
    } else {
      let given = axes.compactMap { known[$0] }
      guard given.count == axes.count else {
        throw mismatch(
          "the lengths of several axes are not known", found: "\(pageCount) pages of \(stated)",
          expected: "--shape with a length for each axis")
      }
      lengths = given
    }
    guard checkedProduct(lengths) == pageCount else {
      throw mismatch(
        "the stack has another number of pages", found: "\(pageCount) pages",
        expected: lengths.map(String.init).joined(separator: " × "))
    }
  }

  // MARK: What ImageJ says

  /// The lengths in ImageJ's text.
  static func imageJLengths(_ values: [Substring: Substring]) -> [VolumeAxis: Int] {
    func length(_ name: Substring) -> Int? {
      values[name].flatMap { Int($0) }.flatMap { $0 > 0 && $0 <= 1 << 31 ? $0 : nil }
    }
    return [
      .channel: length("channels") ?? 1, .z: length("slices") ?? 1, .time: length("frames") ?? 1,
    ]
  }

  /// Takes pages as ImageJ orders them: channels fastest, then sections, then time points.
  ///
  /// - Throws: ``VolumeError`` with `malformedMetadata` where the lengths do not give the pages.
  init(
    imageJ values: [Substring: Substring], pageCount: Int, path: String, notes: inout [String]
  ) throws(VolumeError) {
    let lengths = PageOrder.imageJLengths(values)
    let (channels, sections, times) = (
      lengths[.channel] ?? 1, lengths[.z] ?? 1, lengths[.time] ?? 1
    )
    if channels == 1, sections == 1, times == pageCount, times > 1 {
      notes.append(
        "\(path): ImageJ calls the \(times) pages time points; they are read as sections "
          + "(--axes t,y,x reads them as time points)")
      self.init(sections: pageCount)
      return
    }
    guard checkedProduct([channels, sections, times]) == pageCount else {
      guard channels == 1, times == 1 else {
        throw VolumeError(
          .malformedMetadata, path: path, "its pages are not as many as ImageJ's text says",
          found: "\(pageCount) pages",
          expected: "\(times) time points × \(sections) sections × \(channels) channels",
          remedy: "state the axes of the pages with --axes and --shape")
      }
      notes.append(
        "\(path): ImageJ's text says \(max(sections, times)) sections; the \(pageCount) that are there "
          + "are read")
      self.init(sections: pageCount)
      return
    }
    self.init(
      (times > 1 ? [.time] : []) + [.z] + (channels > 1 ? [.channel] : []),
      (times > 1 ? [times] : []) + [sections] + (channels > 1 ? [channels] : []))
  }
}
