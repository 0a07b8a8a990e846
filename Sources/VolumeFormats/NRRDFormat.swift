public import VolumeStore
import Voxels

/// NRRD files: `.nrrd`, and `.nhdr` with the values in other files.
public enum NRRDFormat: VolumeFormat {
  /// Shown to users.
  public static let name = "NRRD"

  private static let mostFiles = 1 << 16

  /// Whether a file starts, or is named, as NRRD files do.
  public static func recognises(_ source: VolumeSource) throws(VolumeError) -> Bool {
    guard let status = try FileStatus(source.path), status.isRegularFile else { return false }
    let name = source.path.lowercased()
    if [".nrrd", ".nhdr"].contains(where: { name.hasSuffix($0) }) { return true }
    return try VolumeStore.bytes(ofFile: source.path, count: 7) == Array("NRRD000".utf8)
  }

  /// Opens a file.
  public static func open(_ source: VolumeSource) throws(VolumeError) -> OpenedVolume {
    let header = try NRRDHeader(path: source.path)
    var notes: [String] = []
    if !header.unknownFields.isEmpty {
      notes.append("fields that are not known: \(header.unknownFields.joined(separator: ", "))")
    }
    let type = try header.dataType()
    let axes = try NRRDAxes(header, stated: source.stated.axes, notes: &notes)
    let layout = try DenseLayout(
      axes: axes.axes, lengths: axes.lengths, dataType: type,
      isBigEndian: try header.isBigEndian(type), path: source.path)
    let bytes = try bytes(of: header, layout: layout)
    let volume = try DenseVolume(
      source.path, bytes: bytes, layout: layout,
      metadata: layout.metadata(voxelSize: axes.voxelSize, offset: axes.offset))
    return OpenedVolume(reader: volume, formatName: name, notes: notes)
  }

  private static func bytes(
    of header: NRRDHeader, layout: DenseLayout
  ) throws(VolumeError) -> any ByteSource {
    let names = try fileNames(of: header, most: mostFiles)
    let encoding = try header.field("encoding").lowercased()
    guard ["raw", "gzip", "gz"].contains(encoding) else {
      throw VolumeError(
        .unsupportedFeature, path: header.path, "the values are encoded in a way that is not read",
        found: encoding, expected: "raw or gzip",
        remedy: "write it again as raw: unu save -f nrrd -e raw")
    }
    guard !names.isEmpty else {
      return try bytes(
        header.path, from: header.end, count: layout.byteCount, isPacked: encoding != "raw", header)
    }
    let (count, rest) = layout.byteCount.quotientAndRemainder(dividingBy: names.count)
    guard rest == 0 else {
      throw header.malformed(
        "the values do not divide among the files", found: "\(names.count) files",
        expected: "\(layout.lengths.sizesText) values in files of one length")
    }
    let folder = FileStore.split(header.path).folder
    var parts: [any ByteSource] = []
    for name in names {
      parts.append(
        try bytes("\(folder)/\(name)", from: 0, count: count, isPacked: encoding != "raw", header))
    }
    return parts.count == 1 ? parts[0] : try JoinedBytes(parts, partByteCount: count)
  }

  /// The values in one file, after what is to be skipped.
  private static func bytes(
    _ path: String, from offset: Int, count: Int, isPacked: Bool, _ header: NRRDHeader
  ) throws(VolumeError) -> any ByteSource {
    let lines = try header.integer("line skip") ?? 0
    let skipped = try header.integer("byte skip") ?? 0
    guard lines >= 0, skipped >= -1, skipped < 1 << 48, !isPacked || skipped >= 0 else {
      throw header.malformed(
        "what is to be skipped is wrong", found: "line skip \(lines), byte skip \(skipped)")
    }
    let start = offset + (try lengthOfLines(lines, in: path, from: offset))
    guard isPacked else {
      let length = try FileStatus.ofFile(path).byteCount
      // −1 stands for the last bytes of the file.
      let place = skipped == -1 ? length - count : start + skipped
      guard place >= start else {
        throw VolumeError(
          .corruptChunk, path: path, "the file is shorter than its description says",
          found: "\(length - start) bytes", expected: "\(count)",
          remedy: "check that the file was copied whole")
      }
      return try FileBytes(path, from: place)
    }
    guard count < Int.max - skipped - (2 << 20) else {
      throw header.malformed("what is to be skipped is wrong", found: "byte skip \(skipped)")
    }
    let packed = try SeekableGzip(path, from: start, expecting: count + skipped)
    return PartialBytes(whole: packed, start: skipped)
  }

  private static func lengthOfLines(
    _ count: Int, in path: String, from offset: Int
  ) throws(VolumeError) -> Int {
    guard count > 0 else { return 0 }
    let bytes = try VolumeStore.bytes(ofFile: path, from: offset, count: 1 << 20)
    var left = count
    for (index, byte) in bytes.enumerated() where byte == 10 {
      left -= 1
      if left == 0 { return index + 1 }
    }
    throw VolumeError(
      .malformedMetadata, path: path, "the file has fewer lines than are to be skipped",
      expected: "\(count) lines within the first MiB", remedy: "correct the field line skip")
  }

  /// The files with the values, relative to the header; none where they follow it.
  private static func fileNames(
    of header: NRRDHeader, most: Int
  ) throws(VolumeError) -> [String] {
    guard let field = header.fields["data file"] else { return [] }
    let words = field.split(separator: " ").map { String($0) }
    var names: [String]
    if words.first == "LIST" {
      names = header.listedFiles
    } else if words.count >= 4, words.count <= 5, words[0].contains("%"),
      let first = Int(words[1]), let last = Int(words[2]), let step = Int(words[3])
    {
      guard step != 0, abs(first) < 1 << 40, abs(last) < 1 << 40, abs(step) < 1 << 40,
        (last - first) / step < most
      else { throw header.malformed("the pattern of files is wrong", found: field) }
      names = []
      for number in stride(from: first, through: last, by: step) {
        guard let name = numbered(words[0], number) else {
          throw header.malformed(
            "the pattern of files is wrong", found: field, expected: "one number such as %03d")
        }
        names.append(name)
      }
    } else {
      names = [field]
    }
    guard !names.isEmpty, names.count <= most else {
      throw header.malformed("the header names no files, or too many", found: "\(names.count)")
    }
    for name in names {
      let parts = name.split(separator: "/", omittingEmptySubsequences: false)
      guard !name.isEmpty, !name.hasPrefix("/"), !parts.contains(".."), !name.contains("\0") else {
        throw VolumeError(
          .unsupportedFeature, path: header.path,
          "the values are in a file outside the header's folder", found: name,
          expected: "a file beside the header or below it",
          remedy: "move it beside the header, and correct the field data file")
      }
    }
    return names
  }

  /// A pattern such as `slice%03d.raw` with a number put in.
  private static func numbered(_ pattern: String, _ number: Int) -> String? {
    guard let start = pattern.firstIndex(of: "%") else { return nil }
    let rest = pattern[pattern.index(after: start)...]
    let digits = rest.prefix { $0.isNumber }
    guard let letter = rest.dropFirst(digits.count).first, "dui".contains(letter),
      !rest.dropFirst(digits.count + 1).contains("%"), digits.isEmpty || (Int(digits) ?? 99) < 20
    else { return nil }
    let text = String(number)
    let missing = max(0, (Int(digits) ?? 0) - text.count)
    let padding = String(repeating: digits.hasPrefix("0") ? "0" : " ", count: missing)
    return pattern[..<start] + padding + text + rest.dropFirst(digits.count + 1)
  }
}

extension NRRDHeader {
  /// Whether the bytes of a value start with the highest.
  fileprivate func isBigEndian(_ type: DataType) throws(VolumeError) -> Bool {
    guard type.byteCount > 1 else { return false }
    switch try field("endian").lowercased() {
    case "little": return false
    case "big": return true
    default: throw malformed("the field endian is neither little nor big", found: fields["endian"])
    }
  }
}
