import Codecs
import FoundationEssentials
import VolumeStore
import Voxels

/// What run a ledger belongs to: its first line.
struct LedgerHeader: Codable, Hashable, Sendable {
  /// The version of the ledger's layout.
  static let currentFormat = 1

  var format: Int
  var stage: String
  var fingerprint: String
  var volume: [Int]
  var region: [Int]
  var block: [Int]
  /// The XXH3-128 of everything above, so that two ledgers can be compared at a glance.
  var identity: String

  init(stage: String, fingerprint: String, grid: BlockGrid) {
    format = Self.currentFormat
    self.stage = stage
    self.fingerprint = fingerprint
    volume = numbers(grid.volume)
    region = numbers(grid.region)
    block = [grid.blockExtent.z, grid.blockExtent.y, grid.blockExtent.x]
    let parts = ["\(format)", stage, fingerprint, "\(volume)", "\(region)", "\(block)"]
    identity = ContentDigest(of: parts.joined(separator: "\u{0}")).description
  }

  /// The grid, where the numbers describe one.
  var grid: BlockGrid? {
    guard let volume = box(volume), let region = box(region), block.count == 3,
      block.allSatisfy({ $0 > 0 }), volume.extent.checkedVoxelCount != nil,
      volume.contains(region), !region.isEmpty
    else { return nil }
    return BlockGrid(
      region: region, blockExtent: VoxelExtent(z: block[0], y: block[1], x: block[2]),
      volume: volume)
  }

  var blockCount: Int { grid?.count ?? 0 }

  /// Every value that differs from another run's, as `name was old, is now new`.
  func changes(to new: LedgerHeader) -> [String] {
    var changes: [String] = []
    func compare(_ name: String, _ old: String, _ new: String) {
      if old != new { changes.append("\(name) was \(old), is now \(new)") }
    }
    compare("the ledger's format", "\(format)", "\(new.format)")
    compare("the stage", stage, new.stage)
    compare("the volume", text(volume), text(new.volume))
    compare("the region", text(region), text(new.region))
    compare("the block size", text(block), text(new.block))
    let before = fingerprintValues(fingerprint)
    let after = fingerprintValues(new.fingerprint)
    for name in Set(before.keys).union(after.keys).sorted() {
      compare(name, before[name] ?? "absent", after[name] ?? "absent")
    }
    if changes.isEmpty, self != new { changes.append("the order of its parameters changed") }
    return changes
  }
}

/// The closing line of a finished ledger.
struct LedgerSeal: Codable, Hashable, Sendable {
  var sealed = true
  var blocks: Int
}

/// What a ledger's bytes say.
struct LedgerContents<Report: Codable & Sendable> {
  var entries: [LedgerEntry<Report>?]
  var isSealed = false
  var damagedLines = 0

  /// A ledger without blocks.
  init(blockCount: Int) { entries = Array(repeating: nil, count: blockCount) }

  /// Reads a ledger, leaving out lines that are not whole.
  ///
  /// - Throws: ``LedgerError`` where the first line is damaged or of another run.
  init(_ bytes: [UInt8], path: String, header: LedgerHeader, outputCount: Int) throws {
    self.init(blockCount: header.blockCount)
    let found = try ledgerHeader(bytes, path: path)
    let changes = found.changes(to: header)
    guard changes.isEmpty else {
      throw LedgerError(
        .stale, path: path,
        "was begun with other parameters: \(changes.joined(separator: "; "))",
        remedy: "use --force to start over, or choose another output")
    }
    var sealedCount: Int?
    for line in bytes.split(separator: UInt8(ascii: "\n")).dropFirst() {
      guard let text = checkedText(line) else {
        damagedLines += 1
        continue
      }
      let decoder = ledgerDecoder()
      if let entry = try? decoder.decode(LedgerEntry<Report>.self, from: Data(text)),
        entries.indices.contains(entry.index), entry.written.count == outputCount
      {
        entries[entry.index] = entry
      } else if let seal = try? decoder.decode(LedgerSeal.self, from: Data(text)) {
        sealedCount = seal.blocks
      } else {
        damagedLines += 1
      }
    }
    if bytes.last != UInt8(ascii: "\n"), damagedLines == 0 {
      // The last line is whole but for its line feed: the next one must not be joined to it.
      damagedLines = 1
    }
    isSealed =
      sealedCount == entries.count && damagedLines == 0 && entries.allSatisfy { $0 != nil }
  }
}

/// The grid a ledger was begun with, so that a resumed run can go on with it whatever memory and
/// cores there are now; nil where there is no ledger.
///
/// - Throws: ``LedgerError`` with `damaged`; ``VolumeError`` where the system refuses.
public func recordedGrid(ledger path: String) throws -> BlockGrid? {
  guard let bytes = try ledgerBytes(path) else { return nil }
  return try ledgerHeader(bytes, path: path).grid
}

func ledgerHeader(_ bytes: [UInt8], path: String) throws -> LedgerHeader {
  guard let line = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 1).first,
    let text = checkedText(line),
    let header = try? ledgerDecoder().decode(LedgerHeader.self, from: Data(text))
  else {
    throw LedgerError(
      .damaged, path: path, "the first line is damaged, so what run this was is not known",
      remedy: "use --force to start over")
  }
  return header
}

func ledgerLine<Value: Encodable>(_ value: Value) throws -> [UInt8] {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  encoder.nonConformingFloatEncodingStrategy = .convertToString(
    positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  let text = Array(try encoder.encode(value))
  return Array(hexadecimal(crc32c(text.rawSpan)).utf8) + [UInt8(ascii: " ")] + text
    + [UInt8(ascii: "\n")]
}

private func ledgerDecoder() -> JSONDecoder {
  let decoder = JSONDecoder()
  decoder.nonConformingFloatDecodingStrategy = .convertFromString(
    positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  return decoder
}

/// The text of a line whose checksum holds.
private func checkedText(_ line: ArraySlice<UInt8>) -> [UInt8]? {
  guard line.count > 9, line[line.startIndex + 8] == UInt8(ascii: " "),
    let checksum = UInt32(String(decoding: line.prefix(8), as: UTF8.self), radix: 16)
  else { return nil }
  let text = Array(line.dropFirst(9))
  return crc32c(text.rawSpan) == checksum ? text : nil
}

private func hexadecimal(_ value: UInt32) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 8 - digits.count) + digits
}

private func numbers(_ box: VoxelBox) -> [Int] {
  [
    box.origin.z, box.origin.y, box.origin.x, box.extent.z, box.extent.y, box.extent.x,
  ]
}

private func box(_ numbers: [Int]) -> VoxelBox? {
  // Far beyond any volume, and far from overflow when boxes are added and clipped.
  let limit = 1 << 48
  guard numbers.count == 6, numbers.allSatisfy({ abs($0) < limit }) else { return nil }
  return VoxelBox(
    origin: VoxelPosition(z: numbers[0], y: numbers[1], x: numbers[2]),
    extent: VoxelExtent(z: numbers[3], y: numbers[4], x: numbers[5]))
}

/// The `name=value` lines of a fingerprint; lines without a name are named by their number.
private func fingerprintValues(_ fingerprint: String) -> [String: String] {
  var values: [String: String] = [:]
  for (number, line) in fingerprint.split(separator: "\n").enumerated() {
    if let equals = line.firstIndex(of: "=") {
      values[String(line[..<equals])] = String(line[line.index(after: equals)...])
    } else {
      values["line \(number + 1) of the fingerprint"] = String(line)
    }
  }
  return values
}

/// Numbers as users write them, `z,y,x`, an origin and a size parted by a plus.
private func text(_ numbers: [Int]) -> String {
  let parts = stride(from: 0, to: numbers.count, by: 3).map { start in
    numbers[start..<min(start + 3, numbers.count)].map { "\($0)" }.joined(separator: ",")
  }
  return parts.joined(separator: "+")
}
