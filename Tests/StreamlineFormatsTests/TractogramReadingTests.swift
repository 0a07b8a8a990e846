import StreamlineFormats
import TestSupport
import Testing
import VolumeStore
import Voxels

private let folder = volumes + "/golden/nibabel-5.4.2/streamlines"
private let bad = volumes + "/bad/streamlines"
private let counts = [7, 1, 12, 2, 30]

/// The numbers of a text file.
func numbers(_ path: String) -> [Float] {
  String(decoding: contents(of: path), as: UTF8.self).split(whereSeparator: \.isWhitespace)
    .compactMap { Float($0) }
}

/// All streamlines of a file: their coordinates, and the columns of values.
struct WholeTractogram {
  var header: TractogramHeader
  var streamlines: [[Float]] = []
  var perStreamline: [[Float]] = []
  var perPoint: [[Float]] = []
  var findings: [String] = []

  init(_ path: String, blockByteCount: Int = 4 << 20) throws {
    let reader = try TractogramFiles.open(
      path, options: StreamlineReadingOptions(blockByteCount: blockByteCount))
    header = reader.header
    perStreamline = [[Float]](repeating: [], count: header.perStreamline.count)
    perPoint = [[Float]](repeating: [], count: header.perPoint.count)
    var batch = StreamlineBatch()
    while try reader.read(into: &batch) {
      #expect(batch.firstIndex == streamlines.count)
      for index in 0..<batch.count { streamlines.append(Array(batch.coordinates(of: index))) }
      for index in perStreamline.indices { perStreamline[index] += batch.perStreamline[index] }
      for (index, column) in header.perPoint.enumerated() {
        for points in batch.bounds {
          perPoint[index] +=
            batch.perPoint[index][
              column.components * points.lowerBound..<column.components * points.upperBound]
        }
      }
    }
    findings = reader.findings
  }
}

func largestDifference(_ first: [Float], _ second: [Float]) -> Float {
  guard first.count == second.count else { return .infinity }
  return zip(first, second).reduce(0) { max($0, abs($1.0 - $1.1)) }
}

@Suite struct `Reading tractograms` {
  @Test(
    arguments: [
      "golden.tck", "Float32BE.tck", "Float64LE.tck", "Float64BE.tck", "golden.trk", "stored.trx",
      "deflated.trx", "half.trx", "golden.vtk", "version5.vtk", "text.vtk",
    ], [64, 300, 4 << 20])
  func `every format holds the same points, whatever is read at once`(
    _ name: String, _ blockByteCount: Int
  ) throws {
    let whole = try WholeTractogram("\(folder)/\(name)", blockByteCount: blockByteCount)
    #expect(whole.streamlines.map { $0.count / 3 } == counts)
    // Half precision keeps 11 bits; TrackVis files are turned to voxels and back.
    let tolerance: Float = name == "half.trx" ? 0.02 : name.hasSuffix("trk") ? 1e-5 : 0
    #expect(
      largestDifference(whole.streamlines.flatMap { $0 }, numbers("\(folder)/points.txt"))
        <= tolerance)
    #expect(whole.findings.isEmpty)
  }

  @Test func `a voxel order that is not the transform's turns the axes`() throws {
    let whole = try WholeTractogram("\(folder)/turned.trk")
    #expect(
      largestDifference(whole.streamlines.flatMap { $0 }, numbers("\(folder)/turned.txt")) < 1e-4)
  }

  @Test func `a TrackVis file has columns`() throws {
    let whole = try WholeTractogram("\(folder)/golden.trk")
    #expect(whole.header.perStreamline.map { $0.name } == ["seed", "weight"])
    #expect(whole.header.perStreamline.map { $0.components } == [3, 1])
    #expect(whole.header.perPoint.map { $0.name } == ["fa"])
    #expect(whole.perStreamline[0] == (0..<15).map { Float($0) / 4 })
    #expect(whole.perStreamline[1] == (0..<5).map { Float($0) / 2 })
    #expect(whole.perPoint[0] == counts.flatMap { count in (0..<count).map { Float($0) / 8 } })
  }

  @Test func `a TRX file has columns and groups, and names lose the blanks at their ends`() throws {
    let whole = try WholeTractogram("\(folder)/stored.trx", blockByteCount: 64)
    #expect(whole.header.perPoint.map { $0.name } == ["fa"])
    #expect(whole.perPoint[0] == (0..<52).map { Float($0) })
    #expect(whole.perStreamline[0] == (0..<5).map { Float($0) / 2 })
    #expect(whole.header.groups == ["odd": [1, 3]])
    #expect(whole.header.space?.extent.x == 20)
  }

  @Test(arguments: folderContents(bad))
  func `a bad file is refused`(_ name: String) {
    let error = volumeError { _ = try WholeTractogram("\(bad)/\(name)") }
    #expect(error != nil, "\(name) was read")
    #expect(error?.path == "\(bad)/\(name)")
  }

  @Test func `a file that is not there is told`() {
    #expect(volumeError { _ = try WholeTractogram("\(bad)/none.tck") }?.code == .notFound)
    #expect(volumeError { _ = try WholeTractogram("\(bad)/none.xyz") }?.code == .notFound)
  }

  @Test(arguments: [
    ("count: 0000000009\n", ["the header states 9 streamlines, the file has 5"]),
    ("count: 0000000002\n", ["the header states 2 streamlines, the file has 5"]),
    ("Count: 0000000005\n", []), ("other: 0000000005\n", []),
  ])
  func `a wrong count is told and does not matter`(_ line: String, _ findings: [String]) throws {
    let temporary = TemporaryFolder()
    let bytes = contents(of: "\(folder)/golden.tck")
    let text = Array("count: 0000000005\n".utf8)
    let start = try #require(
      bytes.indices.first { bytes[$0...].starts(with: text) })
    overwrite(
      temporary("a.tck"), with: bytes[..<start] + Array(line.utf8) + bytes[(start + text.count)...])
    let whole = try WholeTractogram(temporary("a.tck"))
    #expect(whole.streamlines.count == 5)
    #expect(whole.findings == findings)
    #expect((whole.header.streamlineCount == nil) == line.hasPrefix("other"))
  }

  @Test func `a missing end mark is told`() throws {
    let temporary = TemporaryFolder()
    overwrite(temporary("a.tck"), with: contents(of: "\(folder)/golden.tck").dropLast(12))
    #expect(try WholeTractogram(temporary("a.tck")).findings == ["the end mark is missing"])
  }

  @Test func `vox_to_ras that is not stated is told`() throws {
    let temporary = TemporaryFolder()
    var bytes = contents(of: "\(folder)/golden.trk")
    for index in 440..<504 { bytes[index] = 0 }
    overwrite(temporary("a.trk"), with: bytes)
    let whole = try WholeTractogram(temporary("a.trk"))
    #expect(whole.header.notes == ["vox_to_ras is not stated: the identity is assumed"])
  }

  @Test func `numbers for streamlines are read some at a time`() throws {
    let temporary = TemporaryFolder()
    overwrite(temporary("w.txt"), with: Array("# comment 7\n1 2.5,3e1\nnan # 9\n-4".utf8))
    let file = try NumberFile(path: temporary("w.txt"))
    #expect(try file.next(3) == [1, 2.5, 30])
    let rest = try file.next(2)
    #expect(rest[0].isNaN && rest[1] == -4)
    try file.finish()
    #expect(volumeError { _ = try file.next(1) }?.code == .malformedMetadata)
    let other = try NumberFile(path: temporary("w.txt"))
    _ = try other.next(4)
    #expect(volumeError { try other.finish() }?.found == "5")
  }
}

@Suite(.enabled(if: shared != nil, "the shared data is not there"))
struct `Shared tractograms` {
  private var formats: String { (shared ?? "") + "/data/dti/formats" }

  @Test(arguments: ["example.trk", "example.vtk"])
  func `the same streamlines in another format`(_ name: String) throws {
    let first = try WholeTractogram("\(formats)/example.tck")
    let second = try WholeTractogram("\(formats)/\(name)")
    #expect(first.streamlines.map { $0.count } == second.streamlines.map { $0.count })
    #expect(
      largestDifference(
        first.streamlines.flatMap { $0 }, second.streamlines.flatMap { $0 }) < 1e-4)
  }

  @Test(arguments: [
    ("afq_ARC.trx", 508, 141_447), ("colby.trx", 2, 32), ("dpsv.trx", 459, 0),
    ("colby.trk", 2, 32), ("tracks300.trk", 300, 0), ("tract.IFOF_R.trk", 14, 0),
    ("tract.SLF1_R.tck", 13, 0), ("stroke.tck", 36763, 0),
  ])
  func `every file is read`(_ name: String, _ count: Int, _ points: Int) throws {
    let whole = try WholeTractogram("\(formats)/\(name)")
    #expect(whole.streamlines.count == count)
    if points > 0 { #expect(whole.streamlines.reduce(0) { $0 + $1.count } == 3 * points) }
  }

  @Test func `points behind the last streamline are told`() throws {
    let whole = try WholeTractogram("\(formats)/dpsv.trx")
    let left = 95_865 - whole.streamlines.reduce(0) { $0 + $1.count } / 3
    #expect(left > 0)
    #expect(whole.findings == ["\(left) points behind the last streamline are left out"])
  }

  @Test func `names in colby's files are those of the columns`() throws {
    let names = ["effect", "pval", "pval_corr"]
    #expect(
      try WholeTractogram("\(formats)/colby.trx").header.perPoint.map { $0.name }.sorted() == names)
    #expect(
      try WholeTractogram("\(formats)/colby.trk").header.perPoint.map { $0.name }.sorted() == names)
  }
}
