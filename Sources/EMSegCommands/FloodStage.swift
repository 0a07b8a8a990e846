import Blockwise
import FloodFilling
import VolumeStore
import Voxels

/// Floods the objects of overlapping subvolumes, each in a canvas of its own.
///
/// A block's file holds the objects of its canvas, overlaps included, and a record for every seed.
/// Within a subvolume a journal holds what is done, object by object, so that a run that was
/// stopped loses the flood it was at and nothing else.
struct FloodStage: BlockStage {
  let name = "flood"
  let recipe: FloodRecipe
  let image: any VolumeReader
  let imageIdentity: String
  let seeding: FloodSeeding.Prepared
  let domain: FloodDomain
  let halo: VoxelExtent
  let threads: Int
  let files: BlockFiles
  let journals: String
  /// Told how far the seeds of a block are.
  let progress: @Sendable (_ block: Block, _ done: Int, _ total: Int) -> Void
  /// Asked before every network call; throws where the run is to stop.
  let checkCancellation: @Sendable () throws -> Void

  var fingerprint: String {
    "method=flood 1\nobjects=\(recipe.text)\nseeds=\(seeding.text)\ndomain=\(domain.text)\n"
      + "halo=\(halo.text)\nsource=\(imageIdentity)"
  }
  var outputs: [any RecordedOutput] { [files] }

  func process(_ block: Block) throws -> BlockResult<NoReport> {
    let (objects, records) = try flood(block)
    var table = BlockTable()
    let ids = objects.span
    table.append(
      [Int32](capacity: ids.count) { output in
        for index in ids.indices { output.append(max(ids[index], 0)) }
      })
    table.append(records.flatMap(\.numbers))
    return BlockResult(report: NoReport(), written: [[try files.write(table, for: block)]])
  }

  private func flood(_ block: Block) throws -> (objects: Volume<Int32>, records: [SeedRecord]) {
    let box = block.readBox
    let marks = try domain.marks(over: box)
    var canvas = FloodCanvas(image: try recipe.image(image, in: box), domain: marks)
    var flood = try recipe.flood(threads: threads)
    let seeds = try seeding.seeds(in: canvas.image, margin: flood.margin, domain: marks)
    var journal = try FloodJournal(folder: journals, name: "\(block.index).floods")
    var records: [SeedRecord] = []
    var count: Int32 = 0
    for (index, seed) in seeds.enumerated() {
      let record: SeedRecord
      if let known = journal.entries[index], known.record.flood.seed == seed {
        guard canvas.restore(known.record, runs: known.runs) else {
          throw VolumeError(
            .corruptChunk, path: journals,
            "the journal of subvolume \(block.index) is of another run",
            remedy: "use --force to start over")
        }
        record = known.record
      } else {
        record = try canvas.fill(
          from: seed, as: count + 1, by: &flood, recipe.settings, checking: checkCancellation)
        if record.flood.callCount > 0 {
          var runs: [Int64] = []
          if case .object(let id, _, _) = record.outcome, let seen = record.flood.seen {
            runs = canvas.runs(of: id, in: seen)
          }
          try journal.append(record, seed: index, runs: runs)
        }
      }
      if case .object = record.outcome { count += 1 }
      records.append(record)
      progress(block, index + 1, seeds.count)
    }
    return (canvas.objects, records)
  }
}
