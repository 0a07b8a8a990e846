import StreamlineFormats
import TestSupport
import Testing
import VolumeStore

private let golden = volumes + "/golden/nibabel-5.4.2/streamlines"

/// Copies a file batch by batch.
private func copy(
  _ source: String, to path: String, positionType: TRXWriter.PositionType = .float32
) throws {
  let reader = try TractogramFiles.open(
    source, options: StreamlineReadingOptions(blockByteCount: 300))
  let writer = try TractogramFiles.create(
    path, replacing: false, header: reader.header, positionType: positionType)
  var batch = StreamlineBatch()
  while try reader.read(into: &batch) { try writer.write(batch) }
  try writer.finish()
}

@Suite struct `Writing tractograms` {
  @Test(arguments: ["golden.trk", "stored.trx"], ["a.tck", "a.trk", "a.trx", "a.trx/"])
  func `what is written is read back`(_ source: String, _ name: String) throws {
    let temporary = TemporaryFolder()
    try copy("\(golden)/\(source)", to: temporary(name))
    let path = name.hasSuffix("/") ? String(temporary(name).dropLast()) : temporary(name)
    let (first, second) = (
      try WholeTractogram("\(golden)/\(source)"), try WholeTractogram(path, blockByteCount: 64)
    )
    #expect(second.streamlines.map { $0.count } == first.streamlines.map { $0.count })
    #expect(
      largestDifference(
        first.streamlines.flatMap { $0 }, second.streamlines.flatMap { $0 }) < 1e-5)
    #expect(second.header.streamlineCount == 5)
    #expect(folderContents(temporary.path).count == 1)
    guard !name.hasSuffix("tck") else { return }
    func sorted(_ columns: [TractogramColumn], _ values: [[Float]]) -> [String: [Float]] {
      Dictionary(uniqueKeysWithValues: zip(columns.map { $0.name }, values))
    }
    #expect(
      sorted(first.header.perPoint, first.perPoint)
        == sorted(second.header.perPoint, second.perPoint))
    #expect(
      sorted(first.header.perStreamline, first.perStreamline)
        == sorted(second.header.perStreamline, second.perStreamline))
    if name.contains("trx") { #expect(second.header.groups == first.header.groups) }
  }

  @Test func `half precision halves the file and stays near`() throws {
    let temporary = TemporaryFolder()
    try copy("\(golden)/golden.tck", to: temporary("a.trx"), positionType: .float16)
    let (first, second) = (
      try WholeTractogram("\(golden)/golden.tck"), try WholeTractogram(temporary("a.trx"))
    )
    #expect(second.header.positionType == "float16")
    #expect(
      largestDifference(
        first.streamlines.flatMap { $0 }, second.streamlines.flatMap { $0 }) < 0.02)
  }

  @Test(arguments: ["a.tck", "a.trk", "a.trx"])
  func `empty and one-point streamlines come back`(_ name: String) throws {
    let temporary = TemporaryFolder()
    var header = try TractogramFiles.open("\(golden)/golden.trk").header
    (header.perStreamline, header.perPoint) = ([], [])
    let writer = try TractogramFiles.create(temporary(name), replacing: false, header: header)
    try writer.write(
      StreamlineBatch(
        positions: [1, 2, 3, 9, 9, 9, 4, 5, 6], bounds: [0..<0, 0..<1, 2..<2, 2..<3]))
    try writer.finish()
    let whole = try WholeTractogram(temporary(name))
    #expect(whole.streamlines.map { $0.count } == [0, 3, 0, 3])
    #expect(largestDifference(whole.streamlines.flatMap { $0 }, [1, 2, 3, 4, 5, 6]) < 1e-5)
  }

  @Test(arguments: ["a.tck", "a.trk", "a.trx"])
  func `a tractogram without streamlines is one`(_ name: String) throws {
    let temporary = TemporaryFolder()
    let header = try TractogramFiles.open("\(golden)/golden.trk").header
    try TractogramFiles.create(temporary(name), replacing: false, header: header).finish()
    #expect(try WholeTractogram(temporary(name)).streamlines.isEmpty)
  }

  @Test(arguments: ["a.tck", "a.trk", "a.trx"])
  func `an unfinished file leaves nothing`(_ name: String) throws {
    let temporary = TemporaryFolder()
    do {
      let header = try TractogramFiles.open("\(golden)/golden.trk").header
      _ = try TractogramFiles.create(temporary(name), replacing: false, header: header)
    }
    #expect(folderContents(temporary.path).isEmpty)
  }

  @Test(arguments: ["a.tck", "a.trk", "a.trx"])
  func `a file that is there stays`(_ name: String) throws {
    let temporary = TemporaryFolder()
    overwrite(temporary(name), with: [1])
    #expect(
      volumeError { try copy("\(golden)/golden.trk", to: temporary(name)) }?.code == .alreadyExists)
    #expect(contents(of: temporary(name)) == [1])
  }

  @Test func `a TrackVis file needs an image space`() {
    let temporary = TemporaryFolder()
    let error = volumeError { try copy("\(golden)/golden.tck", to: temporary("a.trk")) }
    #expect(error?.code == .unsupportedFeature)
    #expect(error?.remedy?.contains("--reference") == true)
  }
}
