import Blockwise
import CommandLineInterface
import FloodFilling
import Synchronization
import Tensors
import VolumeStore
import Voxels

/// Flood filling of a volume, whole or in overlapping subvolumes, until its labels are stored.
struct FloodStep {
  let input: InputVolume
  let recipe: FloodRecipe
  let seeding: FloodSeeding.Prepared
  let domain: FloodDomain
  /// The largest canvas and how far canvases overlap; nil for one of the whole volume.
  let subvolume: Subvolume?
  let rule: AgreementRule
  let voxelSize: VoxelSize
  let output: OutputOptions
  var command = "floodfill"

  /// How a volume is cut.
  struct Subvolume: Sendable {
    /// The largest canvas.
    var extent: VoxelExtent
    /// The voxels that neighbouring canvases share along each axis.
    var overlap: VoxelExtent

    /// The part of the volume that each canvas decides: as equal parts as can be.
    ///
    /// - Throws: `UsageError` where canvases would be all overlap.
    func core(of volume: VoxelExtent) throws(UsageError) -> VoxelExtent {
      func length(_ whole: Int, _ canvas: Int, _ overlap: Int) throws(UsageError) -> Int {
        guard canvas < whole else { return whole }
        guard canvas > overlap else {
          throw UsageError(
            "--subvolume", "subvolumes are larger than their overlap", found: extent.text,
            expected: "more than \(self.overlap.text)")
        }
        let count = (whole + canvas - overlap - 1) / (canvas - overlap)
        return (whole + count - 1) / count
      }
      return VoxelExtent(
        z: try length(volume.z, extent.z, overlap.z), y: try length(volume.y, extent.y, overlap.y),
        x: try length(volume.x, extent.x, overlap.x))
    }

    /// How far a canvas reaches beyond its part.
    var halo: VoxelExtent {
      VoxelExtent(z: (overlap.z + 1) / 2, y: (overlap.y + 1) / 2, x: (overlap.x + 1) / 2)
    }
  }

  /// What the floods gave, all in all.
  struct Result {
    var rows: [FloodRecords.Row]
    var subvolumes: Int
    var objects: Int
    var agreements: Int

    /// The numbers to print.
    var facts: [(name: String, value: Int)] {
      var voxels = 0
      for case .object(_, let count, _) in rows.map({ $0.record.outcome }) { voxels += count }
      let facts = [
        ("seeds", rows.count), ("floods", rows.count { $0.record.flood.callCount > 0 }),
        ("network_calls", rows.reduce(0) { $0 + $1.record.flood.callCount }),
        ("objects", objects), ("voxels", voxels),
      ]
      return subvolumes == 1
        ? facts : facts + [("subvolumes", subvolumes), ("agreements", agreements)]
    }
  }

  /// Runs the floods, or what is left of them.
  ///
  /// - Parameters:
  ///   - runner: How to run.
  ///   - policy: What is allowed where something is there; nil takes the options'.
  ///   - records: Told what became of all seeds, before the output is complete.
  /// - Returns: What was done; nil where an earlier run had finished.
  /// - Throws: `Interruption` where the user interrupted; what reading, the network and writing throw.
  func run(
    _ runner: StageRunner, policy: OutputImage.Policy? = nil,
    records: (Result) throws -> Void = { _ in }
  ) throws -> Result? {
    let context = runner.context
    var metadata = input.reader.metadata
    let (grid, halo) = try cut()
    let budget = try self.budget(grid, halo, runner)
    metadata.dataType = .uint64
    metadata.axes = .zyx
    metadata.voxelSize = voxelSize
    let image = try output.prepare(
      name: "labels", kind: .labels, metadata: metadata, from: input, command: command,
      method: "flood 1 \(recipe.text) seeds=\(seeding.text) domain=\(domain.text)"
        + " core=\(grid.blockExtent.text) halo=\(halo.text) agreement=\(rule.overlap) \(rule.voxelCount)",
      policy: policy, runner: runner)
    guard !image.isComplete else { return nil }
    let line = FloodProgress(context: context, volume: metadata.extent)
    let stage = FloodStage(
      recipe: recipe, image: input.reader, imageIdentity: input.identity, seeding: seeding,
      domain: domain, halo: halo, threads: budget.threadsPerWorker,
      files: image.blockFiles("flood"), journals: "\(image.folder)/.fascicle/floods",
      progress: { line.show($0, $1, $2) },
      checkCancellation: { try context.checkCancellation() })
    let plan = BlockwisePlan(
      grid: grid, workers: budget.workers, ledgerPath: image.ledger("flood"))
    do {
      defer { line.finish() }
      try plan.run(
        stage, notice: { context.warn($0) }, cancellation: { context.isCancelled })
    } catch  where context.isCancelled {
      throw Interruption(remedy: "run the same line again to go on")
    }
    let subvolumes = FloodedSubvolumes(grid: grid, halo: halo, files: stage.files)
    var rows: [[SeedRecord]] = []
    for index in 0..<grid.count { rows.append(try subvolumes.records(index)) }
    let counts = rows.map { records in
      records.count { if case .object = $0.outcome { true } else { false } }
    }
    let assembly = try subvolumes.assembly(
      objectCounts: counts, rule: rule, checking: { try context.checkCancellation() })
    let numbers = assembly.numbers()
    let result = Result(
      rows: rows.enumerated().flatMap { index, records in
        records.map { record in
          var label: UInt64 = 0
          if case .object(let id, _, _) = record.outcome {
            label = numbers.bySubvolume[index][Int(id)]
          }
          return FloodRecords.Row(record: record, subvolume: index, label: label)
        }
      }, subvolumes: grid.count, objects: numbers.count, agreements: assembly.agreements)
    let assembled = AssembledVolume(
      path: "objects of \(input.reader.path)", metadata: metadata, subvolumes: subvolumes,
      numbers: numbers.bySubvolume)
    let conversion = ConversionStep(
      input: InputVolume(
        reader: assembled, formatName: "flood filling", identity: stage.fingerprint),
      kind: .labels, voxelSize: voxelSize, output: output, command: command)
    try conversion.fill(image, with: runner)
    try records(result)
    try image.complete()
    return result
  }

  /// The subvolumes and how far their canvases reach beyond them.
  ///
  /// - Throws: `UsageError` where canvases would be all overlap.
  func cut() throws(UsageError) -> (grid: BlockGrid, halo: VoxelExtent) {
    let extent = input.reader.metadata.extent
    let core = try subvolume?.core(of: extent) ?? extent
    let halo = core == extent ? .zero : subvolume?.halo ?? .zero
    return (BlockGrid(volume: VoxelBox(extent: extent), blockExtent: core), halo)
  }

  /// - Throws: ``VolumeError`` with `limitExceeded` where not even one canvas fits the memory.
  func checkMemory(_ runner: StageRunner) throws {
    let (grid, halo) = try cut()
    _ = try budget(grid, halo, runner)
  }

  /// The subvolumes at work at once and the threads of each.
  ///
  /// - Throws: ``VolumeError`` with `limitExceeded` where not even one canvas fits.
  private func budget(
    _ grid: BlockGrid, _ halo: VoxelExtent, _ runner: StageRunner
  ) throws -> ThreadBudget {
    let threads = runner.options.threads
    let network = try recipe.network(threads: threads).memoryBytes
    let canvas = VoxelExtent(
      z: min(grid.blockExtent.z + 2 * halo.z, grid.volume.extent.z),
      y: min(grid.blockExtent.y + 2 * halo.y, grid.volume.extent.y),
      x: min(grid.blockExtent.x + 2 * halo.x, grid.volume.extent.x))
    // Image, mask and objects, what is stored of them, and what the search for seeds takes.
    let perVoxel = 12 + max(seeding.bytesPerVoxel, 12) + domain.bytesPerVoxel
    let reading = input.reader.readingMemory
    guard let voxels = canvas.checkedVoxelCount,
      case let (bytes, overflows) = voxels.multipliedReportingOverflow(by: perVoxel), !overflows
    else {
      throw VolumeError(
        .limitExceeded, path: input.reader.path, "a canvas of so many voxels cannot be",
        found: canvas.text)
    }
    let needed = bytes + network + reading.perRead
    let free = runner.options.memory.bytes - MemoryBudget.programBytes - reading.held
    guard needed <= free else {
      throw VolumeError(
        .limitExceeded, path: input.reader.path, "the canvas does not fit the memory",
        found: "\(ByteCount(runner.options.memory.bytes - free + needed)) needed for \(canvas.text)"
          + " voxels", expected: "at most \(runner.options.memory)",
        remedy: subvolume == nil
          ? "flood in parts with --subvolume, choose a part with --region, or raise --memory"
          : "choose smaller subvolumes with --subvolume, or raise --memory")
    }
    return ThreadBudget(
      total: threads, blockCount: grid.count, bytesPerWorker: needed, memory: free)
  }
}

/// How far the floods of all subvolumes are, in voxels of the whole volume.
private final class FloodProgress: Sendable {
  private struct State {
    var line: ProgressLine
    /// The part of each subvolume's seeds that is done, in its own voxels.
    var voxels: [Int: Int] = [:]
  }

  private let state: Mutex<State>

  init(context: CommandContext, volume: VoxelExtent) {
    state = Mutex(
      State(line: context.progress("flood", total: volume.voxelCount, unit: .voxels)))
  }

  func show(_ block: Block, _ done: Int, _ total: Int) {
    state.withLock { state in
      let part = Double(done) / Double(max(total, 1))
      state.voxels[block.index] = Int(part * Double(block.writeBox.extent.voxelCount))
      state.line.update(completed: state.voxels.values.reduce(0, +))
    }
  }

  func finish() { state.withLock { _ = $0.line.finish() } }
}
