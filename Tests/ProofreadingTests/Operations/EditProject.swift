import Proofreading
import SQLite
import Segmentation
import TestSupport
import VolumeStore
import Voxels

/// A temporary project with a log of edits over a base graph.
struct EditProject {
  let folder = TemporaryFolder()
  let base: BaseGraph

  var path: String { folder("proofreading.sqlite") }

  func database() throws -> ProofreadingDatabase {
    let database = try ProofreadingDatabase(path: path, mode: .create, mounts: MountTable(""))
    // These tests cut no power.
    try database.sqlite.execute("PRAGMA synchronous = OFF")
    return database
  }

  func log(snapshotInterval: Int = 4, now: @escaping () -> Int64 = { 1_000 }) throws -> OperationLog
  {
    try OperationLog(
      try database(), base: base, version: "test", snapshotInterval: snapshotInterval, now: now)
  }
}

/// The affinity of links that have a mean of `mean` over `area` faces.
func affinity(_ mean: Double, area: UInt64 = 1) -> MeanAffinity {
  let sum = UInt64((mean * Double(area) * Double(1 << 24 - 1)).rounded())
  guard let affinity = MeanAffinity(count: area, sum: sum) else {
    preconditionFailure("a mean lies from 0 to 1")
  }
  return affinity
}

/// A base graph of supervoxels of 10 voxels each, the links as (first, second, affinity, area).
func graph(
  segments: [UInt64], links: [(UInt64, UInt64, Double, UInt64)]
) throws -> BaseGraph {
  try BaseGraph(
    voxelCounts: [0] + segments.map { _ in 10 }, segments: [0] + segments,
    contacts: links.map { first, second, mean, area in
      BaseGraph.Contact(SupervoxelEdge(first, second, affinity(mean, area: area)), at: .zero)
    })
}

/// A graph of random contacts, whose supervoxels are segments where strong contacts join them.
func randomGraph(
  count: Int, contactsEach: Double, using generator: inout SeededGenerator
) throws -> BaseGraph {
  var contacts: [(UInt64, UInt64, Double, UInt64)] = []
  var parents = Array(0...count)
  func root(_ node: Int) -> Int { parents[node] == node ? node : root(parents[node]) }
  for first in 1...count {
    for second in 1...count where first < second {
      guard Double.random(in: 0..<1, using: &generator) < contactsEach / Double(count) else {
        continue
      }
      let mean = Double.random(in: 0...1, using: &generator)
      contacts.append(
        (UInt64(first), UInt64(second), mean, UInt64.random(in: 1...20, using: &generator)))
      if mean > 0.4 { parents[root(first)] = root(second) }
    }
  }
  return try graph(segments: (1...count).map { UInt64(root($0)) }, links: contacts)
}

let ada = OperationLog.Signature(user: "ada")

/// Points at supervoxels, of two sides.
func points(_ first: [UInt64], _ second: [UInt64]) -> [EditPoint] {
  first.map { EditPoint($0) } + second.map { EditPoint($0, side: 1) }
}
