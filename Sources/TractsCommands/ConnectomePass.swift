import CommandLineInterface
import Connectomes
import StreamlineFormats
import Synchronization
import VolumeStore
import Voxels

/// One pass over a tractogram that fills the matrices of all measures in all parcellations.
///
/// While some streamlines are assigned on all threads the next ones are read; sums are taken in the
/// order of the streamlines, so that they do not depend on the number of threads.
struct ConnectomePass {
  let reader: any StreamlineReader
  let assigners: [NodeAssigner]
  let measures: [EdgeMeasure]
  let values: [StreamlineValues]
  let weights: NumberFile?
  let isVector: Bool
  /// One for each parcellation, or none.
  let assignmentFiles: [AssignmentFile]
  let threads: Int

  /// How many streamlines are assigned at once.
  private static let piece = 512

  /// Streamlines and what files say of them.
  private struct Load: Sendable {
    var batch = StreamlineBatch()
    var weights: [Float] = []
    /// By list of values; empty where they are sampled.
    var values: [[Double]] = []
  }

  /// What is found out about some streamlines.
  private struct Piece: Sendable {
    var facts: [StreamlineFacts] = []
    /// By parcellation.
    var ends: [[(start: UInt32, end: UInt32)]] = []
    var nodes: [[[UInt32]]] = []
  }

  /// The sums of one parcellation, and the error that stopped it.
  private final class Tally: Sendable {
    let state: Mutex<(sums: ConnectomeSums, failure: VolumeError?)>
    init(_ sums: ConnectomeSums) { state = Mutex((sums, nil)) }
  }

  /// What a pass found.
  struct Outcome {
    /// By parcellation.
    var sums: [ConnectomeSums]
    var streamlineCount: Int
    /// The streamlines that have no point in an image whose values are asked for.
    var outsideCount: Int
  }

  /// Reads everything.
  func run(_ context: CommandContext) throws -> Outcome {
    let tallies = assigners.map {
      Tally(ConnectomeSums(measures: measures, image: $0.image, isVector: isVector))
    }
    let next = Mutex(Load())
    let failure = Mutex<VolumeError?>(nil)
    let progress = context.progress(
      "connectome", total: reader.header.streamlineCount ?? 0, unit: .items("streamlines"))
    defer { progress.finish() }
    let needsLength = measures.contains { $0.length != .none }
    var (current, hasMore, count, outside) = (Load(), true, 0, 0)
    var previous: [Piece] = []
    while hasMore || !previous.isEmpty || current.batch.count > 0 {
      try context.checkCancellation()
      let load = current
      let pieces = (load.batch.count + Self.piece - 1) / Self.piece
      let found = Mutex([Piece?](repeating: nil, count: pieces))
      let (isReading, finished) = (hasMore, previous)
      let jobs = 1 + (finished.isEmpty ? 0 : tallies.count)
      // Reading first, then the sums of what was found before, then what is to be found out.
      concurrentForEach(0..<jobs + pieces, threads: threads) { index in
        if index == 0 {
          guard isReading else { return }
          do throws(VolumeError) {
            try next.withLock { load throws(VolumeError) in try read(&load) }
          } catch {
            failure.withLock { $0 = $0 ?? error }
          }
        } else if index < jobs {
          add(finished, to: tallies[index - 1], parcellation: index - 1)
        } else {
          let piece = self.piece(index - jobs, of: load, needsLength: needsLength)
          found.withLock { $0[index - jobs] = piece }
        }
      }
      if let error = failure.withLock({ $0 }) { throw error }
      for tally in tallies {
        if let error = tally.state.withLock({ $0.failure }) { throw error }
      }
      previous = found.withLock { $0.compactMap { $0 } }
      count += load.batch.count
      for piece in previous {
        outside += piece.facts.count { $0.values.contains { $0.isNaN } }
      }
      progress.advance(by: load.batch.count)
      if isReading {
        next.withLock { swap(&$0, &current) }
        hasMore = current.batch.count > 0
      } else {
        current = Load()
      }
    }
    try weights?.finish()
    for case .file(let file) in values { try file.finish() }
    return Outcome(
      sums: tallies.map { $0.state.withLock { $0.sums } }, streamlineCount: count,
      outsideCount: outside)
  }

  /// Reads the next streamlines; none at the end.
  private func read(_ load: inout Load) throws(VolumeError) {
    repeat {
      guard try reader.read(into: &load.batch) else {
        load.batch = StreamlineBatch()
        return
      }
    } while load.batch.count == 0
    load.weights = try weights?.next(load.batch.count).map { Float($0) } ?? []
    load.values = try values.map { source throws(VolumeError) in
      guard case .file(let file) = source else { return [] }
      return try file.next(load.batch.count)
    }
  }

  /// Assigns and measures some streamlines.
  private func piece(_ index: Int, of load: Load, needsLength: Bool) -> Piece {
    let range = index * Self.piece..<min((index + 1) * Self.piece, load.batch.count)
    let positions = load.batch.positions.span
    var piece = Piece()
    piece.facts.reserveCapacity(range.count)
    for streamline in range {
      let points = load.batch.bounds[streamline]
      var facts = StreamlineFacts()
      if needsLength, points.count > 1 { facts.length = streamlineLength(positions, points) }
      if !load.weights.isEmpty { facts.weight = load.weights[streamline] }
      if !values.isEmpty {
        for (list, source) in values.enumerated() {
          switch source {
          case .file: facts.values.append(load.values[list][streamline])
          case .image(let image): facts.values.append(Double(image.mean(along: positions, points)))
          }
        }
      }
      piece.facts.append(facts)
    }
    var search = ForwardSearch()
    for assigner in assigners {
      if assigner.rule == .allVoxels {
        var lists: [[UInt32]] = []
        var nodes: [UInt32] = []
        for streamline in range {
          assigner.allNodes(of: positions, load.batch.bounds[streamline], into: &nodes)
          lists.append(nodes)
        }
        piece.nodes.append(lists)
      } else {
        var ends: [(start: UInt32, end: UInt32)] = []
        ends.reserveCapacity(range.count)
        for streamline in range {
          ends.append(
            assigner.ends(of: positions, load.batch.bounds[streamline], search: &search))
        }
        piece.ends.append(ends)
      }
    }
    return piece
  }

  /// Adds what was found to the sums of one parcellation, in order.
  private func add(_ pieces: [Piece], to tally: Tally, parcellation: Int) {
    tally.state.withLock { state in
      for piece in pieces {
        if assigners[parcellation].rule == .allVoxels {
          for (nodes, facts) in zip(piece.nodes[parcellation], piece.facts) {
            state.sums.add(nodes: nodes, facts)
          }
        } else {
          for (ends, facts) in zip(piece.ends[parcellation], piece.facts) {
            state.sums.add(start: ends.start, end: ends.end, facts)
          }
        }
      }
      guard !assignmentFiles.isEmpty else { return }
      do throws(VolumeError) {
        try assignmentFiles[parcellation].append(lines(of: pieces, parcellation))
      } catch {
        state.failure = error
      }
    }
  }

  /// The lines of an assignment file.
  private func lines(of pieces: [Piece], _ parcellation: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for piece in pieces {
      if assigners[parcellation].rule == .allVoxels {
        for nodes in piece.nodes[parcellation] {
          let text = nodes.isEmpty ? "0" : nodes.map { String($0) }.joined(separator: " ")
          bytes += Array("\(text)\n".utf8)
        }
      } else {
        for ends in piece.ends[parcellation] {
          let text = isVector ? "\(ends.end)\n" : "\(ends.start) \(ends.end)\n"
          bytes += Array(text.utf8)
        }
      }
    }
    return bytes
  }
}
