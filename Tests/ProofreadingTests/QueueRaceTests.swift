import Glibc
import Proofreading
import SQLite
import TestSupport
import Testing
import VolumeStore

private let taskCount = 40

/// The work of one reviewer: takes tasks and judges them until nothing is left for a while.
///
/// What was acknowledged goes into a file at once, as a person would note it.
private func review(_ folder: String, as name: String, patience: Int) throws {
  let queue = TaskQueue(
    try ProofreadingDatabase(path: "\(folder)/proofreading.sqlite", mode: .update),
    leaseSeconds: 0.5)
  let notes = open("\(folder)/acknowledged", O_WRONLY | O_APPEND | O_CREAT, 0o600)
  precondition(notes >= 0, "the notes cannot be opened")
  defer { close(notes) }
  var idle = 0
  while idle < patience {
    guard let claim = try queue.claim(for: name) else {
      idle += 1
      usleep(20_000)
      continue
    }
    idle = 0
    guard case .accepted = try queue.decide(claim, .keepApart) else { continue }
    let line = Array("\(claim.task.id) \(name)\n".utf8)
    precondition(write(notes, line, line.count) == line.count, "the notes cannot be written")
  }
}

@Suite struct QueueRaceTests {
  @Test func `eight reviewers race and are killed: nothing is lost, and nothing is done twice`()
    async throws
  {
    let folder = TemporaryFolder()
    var generator = SeededGenerator(seed: 8)
    do {
      let queue = TaskQueue(
        try ProofreadingDatabase(path: folder("proofreading.sqlite"), mode: .create))
      try queue.add(
        (1...UInt64(taskCount)).map { number in
          contact(number, 1000 + number, need: 2 + Int(number % 2))
        })
    }
    for _ in 0..<3 {
      // Processes are killed by a thread of their own, wherever the other one happens to be.
      let delays = (0..<8).map { _ in Int.random(in: 1...60, using: &generator) }
      await withTaskGroup(of: Void.self) { group in
        for (index, delay) in delays.enumerated() {
          group.addTask {
            await #expect(processExitsWith: .signal(SIGKILL)) {
              [path = folder.path as String, index = index as Int, delay = delay as Int] in
              Task.detached {
                try await Task.sleep(for: .milliseconds(delay))
                kill(getpid(), SIGKILL)
              }
              try review(path, as: "reviewer \(index)", patience: .max)
            }
          }
        }
      }
      try check(folder, isFinished: false)
    }
    // Those who are left finish the work, under the names of before.
    usleep(600_000)
    for index in 0..<8 { try review(folder.path, as: "reviewer \(index)", patience: 1) }
    try check(folder, isFinished: true)
  }

  private func check(_ folder: TemporaryFolder, isFinished: Bool) throws {
    let queue = TaskQueue(
      try ProofreadingDatabase(path: folder("proofreading.sqlite"), mode: .update))
    #expect(try queue.faults() == [] && queue.database.damage() == [])
    var reviewers: [Int64: [String]] = [:]
    try queue.forEachVote { (vote) throws(VolumeError) in
      reviewers[vote.task, default: []].append(vote.reviewer)
    }
    for (task, names) in reviewers {
      #expect(Set(names).count == names.count, "task \(task)")
    }
    let notes = String(decoding: contents(of: folder("acknowledged")), as: UTF8.self)
    for line in notes.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 1)
      let task = try #require(Int64(words[0]))
      #expect(reviewers[task, default: []].contains(String(words[1])), "\(line) is lost")
    }
    guard isFinished else { return }
    for task in 1...Int64(taskCount) {
      #expect(reviewers[task]?.count == 2 + Int(task % 2), "task \(task)")
      #expect(try queue.task(task)?.state == .done)
    }
  }

  /// Prints how long claims and verdicts take; say how many tasks in `FASCICLE_QUEUE_TASKS`.
  @Test(.enabled(if: measuredTaskCount != nil, "FASCICLE_QUEUE_TASKS is not set"))
  func `a long queue hands out the best task first`() throws {
    let folder = TemporaryFolder()
    let queue = TaskQueue(
      try ProofreadingDatabase(path: folder("proofreading.sqlite"), mode: .create))
    let count = UInt64(measuredTaskCount ?? 0)
    var generator = SeededGenerator(seed: 1)
    let clock = ContinuousClock()
    let adding = try clock.measure {
      for start in stride(from: UInt64(1), through: count, by: 10_000) {
        try queue.add(
          (start..<min(start + 10_000, count + 1)).map { number in
            var draft = contact(
              .random(in: 1...400_000, using: &generator),
              .random(in: 400_001...800_000, using: &generator),
              weights: (
                .random(in: 1e2...1e7, using: &generator), .random(in: 1e2...1e7, using: &generator)
              ), score: .random(in: 0...1, using: &generator), at: Int(number))
            draft.evidence = #"{"cost":0.7,"links":100,"strongest":0.9}"#
            return draft
          })
      }
    }
    var (claims, decisions): ([Double], [Double]) = ([], [])
    var last = Double.infinity
    for round in 0..<201 {
      var claim: TaskClaim?
      claims.append(try clock.measure { claim = try queue.claim(for: "ada") } / .milliseconds(1))
      let found = try #require(claim)
      // Without merges nothing is ranked anew.
      #expect(found.task.priority <= last, "round \(round)")
      last = found.task.priority
      decisions.append(
        try clock.measure { _ = try queue.decide(found, .unsure) } / .milliseconds(1))
    }
    var status = stat()
    stat(folder("proofreading.sqlite"), &status)
    print(
      """
      \(count) tasks added in \(adding), \(status.st_size) bytes; \
      claim \(claims.sorted()[100]) ms, decide \(decisions.sorted()[100]) ms (medians)
      """)
  }
}

private let measuredTaskCount: Int? = getenv("FASCICLE_QUEUE_TASKS").flatMap {
  Int(String(cString: $0))
}
