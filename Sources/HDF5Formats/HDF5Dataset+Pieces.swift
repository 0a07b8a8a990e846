import Codecs
import VolumeStore
import Voxels

// Reading what lies in one piece, straight from the file, and what only the library decodes.

extension HDF5Dataset {
  /// The most bytes whose axes are exchanged at a time.
  static let slabBytes = 8 << 20

  /// The most bytes read at a time to take rows out of them: they stay in the processor's cache.
  private static let sieveBytes = 64 << 10

  /// The bytes that are read as fast as a few of them, for every read is a call of the system.
  private static let pageBytes = 4096

  /// The values of a region, in slabs along the dataset's slowest axes.
  func readPieces<Scalar: VoxelScalar>(_ box: VoxelBox) throws(VolumeError) -> [Scalar] {
    let start = axes.perAxis(
      { axis in
        switch axis {
        case .z: box.origin.z
        case .y: box.origin.y
        case .x: box.origin.x
        case .channel, .time: 0
        }
      }, single: 0)
    let count = axes.perAxis(
      { axis in
        switch axis {
        case .z: box.extent.z
        case .y: box.extent.y
        case .x: box.extent.x
        case .channel, .time: axes.length(axis)
        }
      }, single: 1)
    let values = count.reduce(1, *)
    let width = storedType.byteCount
    return try uninitializedValues(values) { (target) throws(VolumeError) in
      if axes.reordering(count, in: count) == nil {
        try readPiece(start, count, into: &target)
      } else {
        try readSlabs(start, count, done: 0) { (slabStart, slabCount) throws(VolumeError) in
          let bytes: [UInt8] = try uninitializedValues(slabCount.reduce(width, *)) {
            (bytes) throws(VolumeError) in
            try readPiece(slabStart, slabCount, into: &bytes)
          }
          let place = axes.place(of: zip(slabStart, start).map { $0 - $1 }, in: count)
          if let reordering = axes.reordering(slabCount, in: count) {
            reordering.reorder(bytes.rawSpan, into: &target, at: place, width: width)
          } else {
            target.copy(bytes.rawSpan, to: place * width)
          }
        }
      }
    }
  }

  /// Gives a region in parts of at most ``slabBytes``, cut along its slowest axes first.
  private func readSlabs(
    _ start: [Int], _ count: [Int], done axis: Int,
    _ body: ([Int], [Int]) throws(VolumeError) -> Void
  ) throws(VolumeError) {
    let byteCount = count.reduce(storedType.byteCount, *)
    guard byteCount > HDF5Dataset.slabBytes, axis < count.count else {
      try body(start, count)
      return
    }
    let one = byteCount / count[axis]
    // Whole chunks, so that none is decoded for two slabs.
    let chunk = storage.chunk.map { $0[axis] } ?? 1
    let fitting = max(1, HDF5Dataset.slabBytes / one / chunk * chunk)
    let step = min(count[axis], one > HDF5Dataset.slabBytes ? chunk : fitting)
    var place = start[axis]
    let end = start[axis] + count[axis]
    while place < end {
      let next = min(end, (place / step + 1) * step)
      var (partStart, partCount) = (start, count)
      partStart[axis] = place
      partCount[axis] = next - place
      if one > HDF5Dataset.slabBytes {
        try readSlabs(partStart, partCount, done: axis + 1, body)
      } else {
        try body(partStart, partCount)
      }
      place = next
    }
  }

  /// Fills a span with the values of a region in the order of the dataset's axes.
  private func readPiece(
    _ start: [Int], _ count: [Int], into target: inout MutableRawSpan
  ) throws(VolumeError) {
    let byteCount = count.reduce(storedType.byteCount, *)
    guard storage.chunk == nil, let address = storage.address else {
      try withHDF5 { library throws(VolumeError) in
        try library.read(
          handle, start: start, count: count, as: storedType, into: &target, 0..<byteCount,
          path: path)
      }
      return
    }
    try readRows(start, count, of: axes.lengths, at: address, into: &target)
    if isBigEndian {
      target.swapBytes(0..<byteCount, valueByteCount: storedType.byteCount)
    }
  }

  /// Reads a region of what lies in one piece of the given lengths, run by run.
  func readRows(
    _ start: [Int], _ count: [Int], of lengths: [Int], at address: Int,
    into target: inout MutableRawSpan
  ) throws(VolumeError) {
    let width = storedType.byteCount
    // The axes from `inner` on lie in one piece; `inner` itself may be cut.
    var inner = count.count - 1
    while inner > 0, count[inner] == lengths[inner] { inner -= 1 }
    let strides = lengths.indices.map { lengths[($0 + 1)...].reduce(width, *) }
    let run = count[inner] * strides[inner]
    // The rows of one more axis are read with what lies between them, unless that is most of it
    // and more than a page.
    let isSieved =
      inner > 0 && run < HDF5Dataset.sieveBytes / 4
      && strides[inner - 1] <= max(run * 4, HDF5Dataset.pageBytes)
    let rows = isSieved ? count[inner - 1] : 1
    let pitch = isSieved ? strides[inner - 1] : run
    let rowsAtOnce = max(1, HDF5Dataset.sieveBytes / pitch)
    let outer = isSieved ? inner - 1 : inner
    var index = [Int](repeating: 0, count: outer)
    var written = 0
    while true {
      var offset = address
      for axis in lengths.indices {
        offset += (start[axis] + (axis < outer ? index[axis] : 0)) * strides[axis]
      }
      var row = 0
      while row < rows {
        let together = min(rowsAtOnce, rows - row)
        if together == 1 {
          try stored.read(at: offset + row * pitch, into: &target, written..<written + run)
          written += run
        } else {
          let bytes = try stored.read(
            at: offset + row * pitch, count: (together - 1) * pitch + run)
          for line in 0..<together {
            target.copy(bytes.rawSpan.extracting(line * pitch..<line * pitch + run), to: written)
            written += run
          }
        }
        row += together
      }
      var axis = outer - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < count[axis] { break }
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}

extension HDF5Axes {
  /// The place of a position along the dataset's axes among values in (t, c, z, y, x) order.
  func place(of position: [Int], in whole: [Int]) -> Int {
    var place = 0
    for axis in VolumeAxis.allCases {
      guard let index = axes.firstIndex(of: axis) else { continue }
      place = place * whole[index] + position[index]
    }
    return place
  }
}
