import CommandLineInterface
import StreamlineFormats
import Synchronization
import VolumeStore
import Voxels

/// Streamlines and the numbers that text files have for them.
struct StreamlineLoad: Sendable {
  var batch = StreamlineBatch()
  /// The numbers of each file, as many as there are streamlines.
  var numbers: [[Double]] = []
}

/// One pass over a tractogram: while some streamlines are worked on by all threads the next ones are
/// read, and what came of those before is taken up in the order of the streamlines.
///
/// Memory is that of a few blocks of the file.
struct StreamlinePass<Result: Sendable> {
  let reader: any StreamlineReader
  /// Files with a number for each streamline.
  var numberFiles: [NumberFile] = []
  let threads: Int
  /// What the progress is called.
  let name: String

  /// How many streamlines are worked on at once.
  private let piece = 512

  /// What is done with results in turn.
  private final class Taking: Sendable {
    let state: Mutex<(failure: VolumeError?, isDone: Bool)>
    init() { state = Mutex((nil, false)) }
  }

  /// Reads until the end, or until no more is wanted.
  ///
  /// - Parameters:
  ///   - context: Where progress is told.
  ///   - work: Called for ranges of the streamlines that are loaded, on any thread.
  ///   - take: Called with the results of a load in order, on one thread at a time; says whether
  ///     more is wanted.
  /// - Throws: ``VolumeError`` of the files, and what `take` throws.
  func run(
    _ context: CommandContext,
    work: @Sendable (StreamlineLoad, Range<Int>) -> Result,
    take: @Sendable (StreamlineLoad, [Result]) throws(VolumeError) -> Bool
  ) throws {
    let progress = context.progress(
      name, total: reader.header.streamlineCount ?? 0, unit: .items("streamlines"))
    defer { progress.finish() }
    let next = Mutex(StreamlineLoad())
    let failure = Mutex<VolumeError?>(nil)
    let taking = Taking()
    var (current, previous) = (StreamlineLoad(), (load: StreamlineLoad(), results: [Result]()))
    var hasMore = true
    while hasMore || current.batch.count > 0 || !previous.results.isEmpty {
      try context.checkCancellation()
      let (load, finished, isReading) = (current, previous, hasMore)
      let pieces = (load.batch.count + piece - 1) / piece
      let found = Mutex([Result?](repeating: nil, count: pieces))
      concurrentForEach(0..<pieces + 2, threads: threads) { index in
        do throws(VolumeError) {
          if index == 0 {
            if isReading { try next.withLock { load throws(VolumeError) in try read(&load) } }
          } else if index == 1 {
            guard !finished.results.isEmpty else { return }
            let wantsMore = try take(finished.load, finished.results)
            if !wantsMore { taking.state.withLock { $0.isDone = true } }
          } else {
            let start = (index - 2) * piece
            let result = work(load, start..<min(start + piece, load.batch.count))
            found.withLock { $0[index - 2] = result }
          }
        } catch {
          failure.withLock { $0 = $0 ?? error }
        }
      }
      if let error = failure.withLock({ $0 }) { throw error }
      if taking.state.withLock({ $0.isDone }) { return }
      previous = (load, found.withLock { $0.compactMap { $0 } })
      progress.advance(by: load.batch.count)
      if isReading {
        next.withLock { swap(&$0, &current) }
        hasMore = current.batch.count > 0
      } else {
        current = StreamlineLoad()
      }
    }
    for file in numberFiles { try file.finish() }
  }

  /// Reads the next streamlines; none at the end.
  private func read(_ load: inout StreamlineLoad) throws(VolumeError) {
    repeat {
      guard try reader.read(into: &load.batch) else {
        load.batch = StreamlineBatch()
        return
      }
    } while load.batch.count == 0
    let count = load.batch.count
    load.numbers = try numberFiles.map { file throws(VolumeError) in try file.next(count) }
  }
}

extension TractogramHeader {
  /// The length of a step in mm, where the header states one.
  var stepSize: Float? {
    for name in ["output_step_size", "step_size"] {
      if let text = properties.first(where: { $0.name.lowercased() == name })?.value,
        let step = Float(text), step.isFinite, step > 0
      {
        return step
      }
    }
    return nil
  }

  /// The names of columns and groups that a format has no room for.
  func names(leftOutBy format: TractogramFormat?) -> [String] {
    switch format {
    case .tck: (perStreamline + perPoint).map(\.name) + groups.keys.sorted()
    case .trk: groups.keys.sorted()
    case .trx, .vtk, nil: []
    }
  }
}
