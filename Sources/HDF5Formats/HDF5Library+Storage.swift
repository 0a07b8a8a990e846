import CHDF5
import Codecs
import VolumeStore
import Voxels

// The library's calls that tell where values lie; each use of an unsafe pointer states why it is
// sound.

extension HDF5Library {
  /// How the dataset is laid out in the file.
  func storage(
    _ dataset: hid_t, _ name: String, axes: HDF5Axes, type: DataType, path: String
  ) throws(VolumeError) -> HDF5Storage {
    let creation = try owned(
      H5Dget_create_plist(dataset),
      failure(.malformedMetadata, path: path, "\(name) has no layout"))
    let layout = H5Pget_layout(creation.id)
    let rank = axes.axes.count
    var chunk: [Int]?
    if layout == H5D_CHUNKED {
      var lengths = [hsize_t](repeating: 0, count: rank)
      guard H5Pget_chunk(creation.id, Int32(rank), &lengths) == Int32(rank) else {
        throw failure(.malformedMetadata, path: path, "\(name) has no chunk size")
      }
      chunk = lengths.map { Int(exactly: $0) ?? .max }
    }
    var address: Int?
    if layout == H5D_CONTIGUOUS, H5Pget_external_count(creation.id) == 0 {
      let offset = H5Dget_offset(dataset)
      address = offset == chdf5_undefined_address() ? nil : Int(exactly: offset)
    }
    // A chunk that is longer than an axis that stands for none holds values of no volume.
    let isPlain = chunk.map { chunk in
      zip(axes.axes, chunk).allSatisfy { axis, length in axis != nil || length == 1 }
    }
    let (pipeline, missing) = filters(creation.id, isDecodedHere: isPlain == true)
    let isFound =
      pipeline.filters.isEmpty && layout == H5D_CHUNKED && !hasUserBlock(dataset)
      && HDF5ChunkAddresses.count(lengths: axes.lengths, chunk: chunk) != nil
    return HDF5Storage(
      chunk: chunk, address: address,
      isDecodedHere: isPlain == true && (pipeline.isOurs || isFound),
      pipeline: pipeline, missingFilters: missing,
      fill: fillValue(creation.id, type: type), isVirtual: layout == H5D_VIRTUAL,
      isExternal: H5Pget_external_count(creation.id) > 0)
  }

  /// The filters, and those that neither this package nor the library undoes.
  private func filters(
    _ creation: hid_t, isDecodedHere: Bool
  ) -> (HDF5Pipeline, missing: [(Int32, String)]) {
    var filters: [HDF5Pipeline.Filter] = []
    var missing: [(Int32, String)] = []
    for index in 0..<max(0, H5Pget_nfilters(creation)) {
      var flags: UInt32 = 0
      var parameters = [UInt32](repeating: 0, count: 32)
      var count = parameters.count
      var name = [CChar](repeating: 0, count: 64)
      // Sound: the counts are the arrays'.
      let number = H5Pget_filter2(
        creation, UInt32(index), &flags, &count, &parameters, name.count, &name, nil)
      let filter = HDF5Pipeline.Filter(
        number: number, parameters: Array(parameters.prefix(max(0, min(count, 32)))))
      filters.append(filter)
      if case .other = filter, H5Zfilter_avail(number) <= 0 {
        let text = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        missing.append((number, String(decoding: text, as: UTF8.self)))
      }
    }
    let pipeline = HDF5Pipeline(filters: filters)
    guard !(pipeline.isOurs && isDecodedHere), missing.isEmpty else { return (pipeline, missing) }
    // One that the library alone undoes keeps the others with it.
    for index in 0..<max(0, H5Pget_nfilters(creation)) {
      var flags: UInt32 = 0
      var count = 0
      let number = H5Pget_filter2(creation, UInt32(index), &flags, &count, nil, 0, nil, nil)
      if H5Zfilter_avail(number) <= 0 { missing.append((number, "")) }
    }
    return (pipeline, missing)
  }

  /// The value of voxels that were never written, as its bytes.
  private func fillValue(_ creation: hid_t, type: DataType) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: type.byteCount)
    // Sound: the array holds one value of the type.
    let status = bytes.withUnsafeMutableBytes { bytes in
      H5Pget_fill_value(creation, type.hdf5Type(isBigEndian: false), bytes.baseAddress)
    }
    return status >= 0 ? bytes : [UInt8](repeating: 0, count: type.byteCount)
  }

  /// A chunk's bytes as they lie in the file and the filters it skipped, or nil where the library
  /// has no such chunk or cannot find it.
  ///
  /// Only for datasets with filters: of others the library reads as many bytes as the index says,
  /// but tells the chunk's size.
  func storedChunk(
    _ dataset: hid_t, at start: [Int], limit: Int, path: String
  ) throws(VolumeError) -> (bytes: [UInt8], skipped: UInt32)? {
    let offset = start.map { hsize_t($0) }
    var size: hsize_t = 0
    guard H5Dget_chunk_storage_size(dataset, offset, &size) >= 0, size > 0 else { return nil }
    guard size <= hsize_t(limit), let count = Int(exactly: size) else {
      throw VolumeError(
        .corruptChunk, path: path, "the chunk at \(start.sizesDescription) is longer than the file",
        found: "\(size) bytes", remedy: "copy the file again")
    }
    var skipped: UInt32 = 0
    var status: herr_t = -1
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      // Sound: under the lock the library writes as many bytes as it just told.
      status = H5Dread_chunk(dataset, chdf5_default(), offset, &skipped, buffer.baseAddress)
      filled = status >= 0 ? count : 0
    }
    guard status >= 0 else {
      throw failure(
        .corruptChunk, path: path, "the chunk at \(start.sizesDescription) cannot be read",
        remedy: "copy the file again; if that does not help, the volume is damaged there")
    }
    return (bytes, skipped)
  }

  /// Where a chunk that went through no filter starts in the file, or nil where the library has no
  /// such chunk.
  ///
  /// Only for files without a user block, which releases of the library count differently.
  func chunkAddress(
    _ dataset: hid_t, at start: [Int], byteCount: Int, fileByteCount: Int, as type: DataType,
    path: String
  ) throws(VolumeError) -> Int? {
    let offset = start.map { hsize_t($0) }
    var (skipped, place, size) = (UInt32(0), haddr_t(0), hsize_t(0))
    let status = H5Dget_chunk_info_by_coord(dataset, offset, &skipped, &place, &size)
    guard status >= 0, place != chdf5_undefined_address() else {
      // The library tells an absent chunk and a damaged index apart only when it reads.
      try check(dataset, at: start, as: type, path: path)
      return nil
    }
    guard let place = Int(exactly: place), size == hsize_t(byteCount), place <= fileByteCount,
      byteCount <= fileByteCount - place
    else {
      throw VolumeError(
        .corruptChunk, path: path,
        "the chunk at \(start.sizesDescription) does not lie in the file",
        found: "\(size) bytes from \(place) on", expected: "\(byteCount) bytes",
        remedy: "copy the file again; if that does not help, the volume is damaged there")
    }
    return place
  }

  /// Whether a file begins with a block that belongs to another program.
  private func hasUserBlock(_ dataset: hid_t) -> Bool {
    let file = HDF5Handle(H5Iget_file_id(dataset))
    let creation = HDF5Handle(H5Fget_create_plist(file.id))
    var size: hsize_t = 0
    return H5Pget_userblock(creation.id, &size) < 0 || size > 0
  }

  /// The values of a small dataset of numbers, such as a list of scales.
  func smallNumbers(_ file: hid_t, _ name: String, path: String) -> [Double]? {
    guard let dataset = try? openDataset(file, name, cache: nil, path: path) else { return nil }
    let space = HDF5Handle(H5Dget_space(dataset.id))
    let type = HDF5Handle(H5Dget_type(dataset.id))
    let count = H5Sget_simple_extent_npoints(space.id)
    guard count > 0, count <= 300, [H5T_INTEGER, H5T_FLOAT].contains(H5Tget_class(type.id)) else {
      return nil
    }
    var values = [Double](repeating: 0, count: Int(count))
    // Sound: the array holds as many doubles as the dataset has values.
    let status = values.withUnsafeMutableBytes { bytes in
      H5Dread(
        dataset.id, DataType.float64.hdf5Type(isBigEndian: false), chdf5_whole(), chdf5_whole(),
        chdf5_default(), bytes.baseAddress)
    }
    return status >= 0 ? values : nil
  }
}
