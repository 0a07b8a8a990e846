import Codecs
import HDF5Formats
import SQLite
import SynapseFormats
import Synapses
import TestSupport
import Testing
import VolumeStore
import Voxels

/// Synapses in whole nanometres, which every form holds exactly; ids up to the largest.
private func generated(_ count: Int, seed: UInt64) -> [Synapse] {
  var generator = SeededGenerator(seed: seed)
  func place() -> PhysicalPosition {
    func coordinate() -> Double { Double(Int.random(in: 0..<100_000, using: &generator)) }
    return PhysicalPosition(z: coordinate(), y: coordinate(), x: coordinate())
  }
  func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
  var synapses: [Synapse] = []
  for index in 0..<count {
    var synapse = Synapse(pre: place(), post: place(), id: UInt64(index * 3 + 1))
    synapse.score = Double(number(0...8)) / 8
    synapse.size = Double(number(1...5000))
    synapse.preSupervoxelID = index == 0 ? .max : UInt64(number(1...9))
    synapse.postSupervoxelID = index == 1 ? nil : UInt64(number(1...9))
    synapses.append(synapse)
  }
  return synapses
}

/// The bytes of numbers, the lowest first.
private func bytes(_ numbers: [Float]) -> [UInt8] {
  var bytes: [UInt8] = []
  for number in numbers {
    for place in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: number.bitPattern >> (8 * place))) }
  }
  return bytes
}

private func failure(_ body: () throws -> Void) -> VolumeError? {
  do {
    try body()
    return nil
  } catch {
    return error as? VolumeError
  }
}

@Suite struct SynapseDatabaseTests {
  @Test func `everything but neurons comes back`() throws {
    let folder = TemporaryFolder()
    var synapses = generated(40, seed: 1)
    synapses[3].center = PhysicalPosition(z: 0.1, y: 2, x: 3)
    synapses[3].method = "cleft network"
    synapses[3].model = "file ünï"
    synapses[4].score = nil
    let path = folder("s.sqlite")
    try SynapseDatabase.write(synapses, facts: ["a": "b"], to: path, replacing: false)
    let database = try SynapseDatabase(path: path)
    #expect(try database.synapses == synapses)
    #expect(try database.facts == ["a": "b"])
    // Nothing is left beside the file.
    #expect(folderContents(folder.path) == ["s.sqlite"])
    #expect(
      failure { try SynapseDatabase.write([], facts: [:], to: path, replacing: false) }?.code
        == .alreadyExists)
    try SynapseDatabase.write([], facts: [:], to: path, replacing: true)
    #expect(try SynapseDatabase(path: path).synapses.isEmpty)
  }

  @Test func `ids of neurons are not kept and numbers are filled in`() throws {
    let folder = TemporaryFolder()
    let synapses = [
      Synapse(pre: .zero, post: .zero, preID: 1, postID: 2),
      Synapse(pre: .zero, post: .zero, id: 7),
      Synapse(pre: .zero, post: .zero),
    ]
    try SynapseDatabase.write(synapses, facts: [:], to: folder("s"), replacing: false)
    let read = try SynapseDatabase(path: folder("s")).synapses
    #expect(read.map(\.id) == [7, 8, 9] && read.allSatisfy { $0.preID == nil && $0.postID == nil })
  }

  @Test func `equal numbers, other databases and broken files are refused`() throws {
    let folder = TemporaryFolder()
    let twice = [
      Synapse(pre: .zero, post: .zero, id: 7), Synapse(pre: .zero, post: .zero, id: 7),
    ]
    let path = folder("s")
    #expect(
      failure { try SynapseDatabase.write(twice, facts: [:], to: path, replacing: false) }?.found
        == "7")
    #expect(folderContents(folder.path).isEmpty)
    #expect(failure { _ = try SynapseDatabase(path: path) }?.code == .notFound)
    do {
      let other = try SQLiteDatabase(path: folder("other"), mode: .create)
      try other.execute("CREATE TABLE synapses (id)")
    }
    #expect(failure { _ = try SynapseDatabase(path: folder("other")) }?.code == .malformedMetadata)
    overwrite(folder("text"), with: Array("SQLite format 3, but not really".utf8))
    #expect(failure { _ = try SynapseDatabase(path: folder("text")) }?.code == .malformedMetadata)
    try SynapseDatabase.write([twice[0]], facts: [:], to: path, replacing: false)
    do {
      let later = try SQLiteDatabase(path: path, mode: .update)
      try later.execute("PRAGMA user_version = 2")
    }
    #expect(failure { _ = try SynapseDatabase(path: path) }?.code == .unsupportedFeature)
  }
}

@Suite struct PrecomputedAnnotationsTests {
  @Test(arguments: [0, 1, 30]) func `lines come back`(count: Int) throws {
    let folder = TemporaryFolder()
    let synapses = generated(count, seed: 2)
    let store = FileStore(root: folder("a"))
    try PrecomputedAnnotations.write(synapses, to: store)
    #expect(try PrecomputedAnnotations.areIn(store))
    #expect(try PrecomputedAnnotations.read(store) == synapses)
  }

  @Test func `files are as the format has them`() throws {
    let folder = TemporaryFolder()
    let synapse = Synapse(
      pre: PhysicalPosition(z: 3, y: 2, x: 1), post: PhysicalPosition(z: 6, y: 5, x: 4),
      score: 0.5, size: 8, preSupervoxelID: 21, id: 258)
    try PrecomputedAnnotations.write([synapse], to: FileStore(root: folder("a")))
    #expect(
      filesBelow(folder("a")).sorted() == [
        "by_id/258", "info", "pre_supervoxel/21", "spatial0/0_0_0",
      ])
    let line = bytes([1, 2, 3, 4, 5, 6, 0.5, 8])
    #expect(
      contents(of: folder("a/by_id/258")) == line + [
        1, 0, 0, 0, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
      ])
    let list = [1, 0, 0, 0, 0, 0, 0, 0] + line + [2, 1, 0, 0, 0, 0, 0, 0]
    #expect(contents(of: folder("a/spatial0/0_0_0")) == list)
    #expect(contents(of: folder("a/pre_supervoxel/21")) == list)
    let info = try #require(try JSONValue(parsing: contents(of: folder("a/info"))).object)
    #expect(info["@type"]?.string == "neuroglancer_annotations_v1")
    #expect(info["annotation_type"]?.string == "LINE")
    #expect(info["lower_bound"]?.array?.map(\.double) == [1, 2, 3])
    #expect(info["upper_bound"]?.array?.map(\.double) == [5, 6, 7])
    #expect(info["dimensions"]?.object?["x"]?.array?.first?.double == 1e-9)
  }

  @Test func `other units and further properties are read`() throws {
    let folder = TemporaryFolder()
    let store = FileStore(root: folder("a"))
    let info = """
      {"@type": "neuroglancer_annotations_v1", "annotation_type": "line",
       "dimensions": {"z": [4e-8, "m"], "y": [4e-9, "m"], "x": [4e-9, "m"]},
       "properties": [{"id": "kind", "type": "uint8"}, {"id": "score", "type": "float32"}],
       "relationships": [], "by_id": {"key": "i"},
       "spatial": [{"key": "s", "grid_shape": [2, 1, 1], "chunk_size": [9, 9, 9], "limit": 1}]}
      """
    var cell: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0]
    cell += bytes([3, 2, 1, 6, 5, 4, 0.5]) + [3, 0, 0, 0]
    cell += [9, 0, 0, 0, 0, 0, 0, 0]
    let description = Array(info.utf8)
    try store.write(description.rawSpan, to: "info")
    try store.write(cell.rawSpan, to: "s/1_0_0")
    let read = try PrecomputedAnnotations.read(store)
    #expect(
      read == [
        Synapse(
          pre: PhysicalPosition(z: 120, y: 8, x: 4), post: PhysicalPosition(z: 240, y: 20, x: 16),
          score: 0.5, id: 9)
      ])
  }

  @Test(arguments: [
    (#""LINE""#, #""POINT""#, VolumeError.Code.unsupportedFeature),
    (#""m""#, #""s""#, .malformedMetadata), (#""grid_shape""#, #""shape""#, .malformedMetadata),
    ("neuroglancer_annotations_v1", "another", .malformedMetadata),
    (#""by_id" : {"#, #""by_id" : {"sharding": {},"#, .unsupportedFeature),
  ])
  func `other descriptions are refused`(old: String, new: String, code: VolumeError.Code) throws {
    let folder = TemporaryFolder()
    let store = FileStore(root: folder("a"))
    try PrecomputedAnnotations.write(generated(3, seed: 5), to: store)
    let text = String(decoding: contents(of: folder("a/info")), as: UTF8.self)
    try #require(text.contains(old), "\(text)")
    overwrite(folder("a/info"), with: Array(text.replacing(old, with: new).utf8))
    #expect(failure { _ = try PrecomputedAnnotations.read(store) }?.code == code)
  }

  @Test func `files that are cut off or missing are told`() throws {
    let folder = TemporaryFolder()
    let store = FileStore(root: folder("a"))
    try PrecomputedAnnotations.write(generated(3, seed: 5), to: store)
    let cell = contents(of: folder("a/spatial0/0_0_0"))
    for damaged in [
      Array(cell.dropLast()), [255, 255, 255, 255, 255, 255, 255, 255] + cell.dropFirst(8),
    ] {
      overwrite(folder("a/spatial0/0_0_0"), with: damaged)
      #expect(failure { _ = try PrecomputedAnnotations.read(store) }?.code == .corruptChunk)
    }
    overwrite(folder("a/spatial0/0_0_0"), with: cell)
    let entry = contents(of: folder("a/by_id/1"))
    overwrite(folder("a/by_id/1"), with: Array(entry.dropLast(4)))
    #expect(failure { _ = try PrecomputedAnnotations.read(store) }?.code == .corruptChunk)
    try store.remove("by_id/1")
    #expect(failure { _ = try PrecomputedAnnotations.read(store) }?.code == .malformedMetadata)
    let nothing = failure { _ = try PrecomputedAnnotations.read(FileStore(root: folder("b"))) }
    #expect(nothing?.code == .notFound)
  }
}

@Suite struct CREMIAnnotationsTests {
  @Test(arguments: [0, 1, 25]) func `partners come back`(count: Int) throws {
    let folder = TemporaryFolder()
    let synapses = generated(count, seed: 3)
    try CREMIAnnotations.write(synapses, to: folder("a.h5"), replacing: false)
    #expect(try CREMIAnnotations.areIn(folder("a.h5")))
    let read = try CREMIAnnotations.read(folder("a.h5"))
    #expect(read.map(\.pre) == synapses.map(\.pre) && read.map(\.post) == synapses.map(\.post))
    #expect(read.map(\.id) == synapses.indices.map { UInt64($0 + 1) })
    #expect(
      try HDF5Datasets.names(in: folder("a.h5")) == [
        "/annotations/ids", "/annotations/locations",
        "/annotations/presynaptic_site/partners", "/annotations/types",
      ])
    #expect(
      failure { try CREMIAnnotations.write([], to: folder("a.h5"), replacing: false) }?.code
        == .alreadyExists)
  }

  private static let types = ["presynaptic_site", "postsynaptic_site"]

  private static func store(
    ids: [UInt64] = [5, 9], types: [String] = types, locations: [Double] = [1, 2, 3, 4, 5, 6],
    partners: [UInt64] = [5, 9], offset: [Double] = [10, 20, 30], at path: String
  ) throws {
    try HDF5Table.write(
      [
        HDF5Table.Dataset("annotations/ids", .unsigned(ids), lengths: [ids.count]),
        HDF5Table.Dataset("annotations/types", .texts(types), lengths: [types.count]),
        HDF5Table.Dataset(
          "annotations/locations", .numbers(locations), lengths: [locations.count / 3, 3]),
        HDF5Table.Dataset(
          "annotations/presynaptic_site/partners", .unsigned(partners),
          lengths: [partners.count / 2, 2]),
      ], attributes: [HDF5Table.Attribute("/annotations", "offset", .numbers(offset))], to: path,
      replacing: true)
  }

  @Test func `the offset is added`() throws {
    let folder = TemporaryFolder()
    try Self.store(at: folder("a.h5"))
    let read = try CREMIAnnotations.read(folder("a.h5"))
    #expect(read.map(\.pre) == [PhysicalPosition(z: 11, y: 22, x: 33)])
    #expect(read.map(\.post) == [PhysicalPosition(z: 14, y: 25, x: 36)])
  }

  @Test func `annotations that do not fit each other are told`() throws {
    let folder = TemporaryFolder()
    let path = folder("a.h5")
    func message() -> String? { failure { _ = try CREMIAnnotations.read(path) }?.message }
    try Self.store(ids: [5, 5], at: path)
    #expect(message() == "two points have the same id")
    try Self.store(partners: [5, 4], at: path)
    #expect(message() == "a partner is no point of the annotations")
    try Self.store(partners: [9, 5], at: path)
    #expect(message() == "a point is on the other side")
    try Self.store(types: Self.types + Self.types, at: path)
    #expect(message() == "the annotations do not fit each other")
    try Self.store(locations: [1, 2, .nan, 4, 5, 6], at: path)
    #expect(message() == "a location is no number")
    try Self.store(offset: [1, 2], at: path)
    #expect(message() == "the offset is not z, y, x")
    try HDF5Table.write(
      [HDF5Table.Dataset("annotations/ids", .numbers([1]), lengths: [1])], to: path, replacing: true
    )
    #expect(failure { _ = try CREMIAnnotations.read(path) }?.code == .dataTypeMismatch)
    #expect(failure { _ = try CREMIAnnotations.read(folder("none")) }?.code == .notFound)
  }

  @Test(.enabled(if: shared != nil, "the shared data are not there"))
  func `a file of the challenge's layout is read`() throws {
    let folder = try #require(shared) + "/data/em/cremi_layout/"
    let path = folder + "sample_B_20160708_frags_46_50_annotations.hdf"
    let read = try CREMIAnnotations.read(path)
    #expect(read.count == 5)
    let first = try #require(read.first)
    #expect(abs(first.pre.z - 90.60619) < 1e-4 && abs(first.pre.x - 1656.6062) < 1e-3)
    #expect(abs(first.post.y - 953.2843) < 1e-3)
  }
}

@Suite struct NeuroglancerWrittenTests {
  @Test func `what Neuroglancer writes is read`() throws {
    let folder = volumesFolder + "/golden/neuroglancer-2.41.2/lines"
    let expected = try SynapseTable.synapses(parsing: contents(of: folder + "/synapses.csv"))
    let read = try PrecomputedAnnotations.read(FileStore(root: folder + "/annotations"))
    #expect(read.count == 12)
    for (found, truth) in zip(read, expected) {
      #expect(found.id == truth.id && found.pre == truth.pre && found.post == truth.post)
      #expect(found.score == truth.score && found.preSupervoxelID == truth.preSupervoxelID)
      #expect(found.postSupervoxelID == truth.postSupervoxelID)
    }
    // The same synapses in our files: the same cell and entries, byte for byte.
    let ours = TemporaryFolder()
    try PrecomputedAnnotations.write(read, to: FileStore(root: ours("a")))
    for file in filesBelow(folder + "/annotations") where file != "info" {
      let here = file.replacing("rel_", with: "")
      #expect(contents(of: ours("a/" + here)) == contents(of: folder + "/annotations/" + file))
    }
    #expect(filesBelow(ours("a")).count == filesBelow(folder + "/annotations").count)
  }
}
