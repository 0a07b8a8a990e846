import Codecs
import CommandLineInterface
import FoundationEssentials
import Segmentation
import VolumeStore
import Voxels

/// The command `emseg why`.
struct WhyCommand: Command {
  var project = ""
  var first: UInt64 = 0
  var second: UInt64 = 0
  var threshold: Double?
  var isJSON = false

  static let manual = Manual<Self>(
    "why",
    summary: "Explain which merges join two supervoxels, or what keeps them apart.",
    discussion: """
      Of two supervoxels of one segment, prints the chain of contacts whose merges lead from one to \
      the other: the supervoxels that meet, the regions that merged and their voxels, the cost, what \
      decided, the number of links, and the voxel of the strongest one. Of two segments, prints the \
      cheapest chain of contacts that were left apart: above the threshold, or vetoed. Its dearest \
      contact is the one to look at.
      """,
    arguments: [
      .positional(
        "PROJECT", \.project, "A project folder, or the graph folder of emseg agglomerate."),
      .positional("A", \.first, accepting: .atLeast(1), "A supervoxel."),
      .positional("B", \.second, accepting: .atLeast(1), "Another supervoxel."),
      .option(
        "--threshold", \.threshold, accepting: .ifGiven(.from(0...1)),
        "Largest cost at which regions merge; that of the last cut when left out."),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [
      Example("emseg why fib25.fascicle 4711 4800", "Tell why two supervoxels are one neuron.")
    ])

  func run(_ context: CommandContext) throws {
    let folder = GraphFolder(path: ProjectFolder.found(at: project)?.graph ?? project)
    guard let merges = try folder.storedMerges() else {
      throw VolumeError(
        .notFound, path: folder.path, "there are no merges",
        remedy: "name a project, or the graph folder of emseg agglomerate")
    }
    for (name, label) in [("A", first), ("B", second)]
    where label > UInt64(merges.tree.fragmentCount) {
      throw UsageError(
        name, "there is no such supervoxel", found: "\(label)",
        expected: "1 to \(merges.tree.fragmentCount)")
    }
    let threshold =
      try self.threshold ?? SegmentTable.threshold(in: "\(folder.path)/segments")
      ?? AgglomerateCommand.standardThreshold
    guard threshold <= merges.tree.maximumCost else {
      throw UsageError(
        "--threshold", "the merges do not go so far", found: shortText(threshold),
        expected: "at most \(shortText(merges.tree.maximumCost))")
    }
    let chain = try merges.tree.chain(from: first, to: second, threshold: threshold) { body in
      try folder.forEachBox(of: merges, body)
    }
    let report = ChainReport(
      chain: chain, threshold: threshold, description: merges.description,
      maximumCost: merges.tree.maximumCost)
    if isJSON {
      let text = try JSONValue.object(report.json).encoded(pretty: true)
      try context.print(String(decoding: text, as: UTF8.self))
    } else {
      for line in report.lines { try context.print(line) }
    }
  }
}

/// A chain of merges as text.
private struct ChainReport {
  let chain: MergeChain
  let threshold: Double
  let description: MergeDescription
  let maximumCost: Double

  private var facts: [(name: String, value: JSONValue)] {
    var facts: [(String, JSONValue)] = [
      ("joined", .string(chain.areJoined ? "yes" : "no")),
      ("threshold", .number(threshold)), ("score", .string(description.score)),
      ("steps", .integer(Int64(chain.steps.count))),
    ]
    if let dearest = chain.dearest {
      facts.append(("dearest_cost", .number(rounded(dearest.decision.cost))))
    } else if !chain.areJoined {
      facts.append(
        ("reason", .string("no contacts lead there up to a cost of \(shortText(maximumCost))")))
    }
    return facts
  }

  /// Lines of names and values, then a table.
  var lines: [String] {
    var lines = facts.map { fact in
      let text =
        switch fact.value {
        case .string(let text): text
        case .number(let number): shortText(number)
        default: "\(fact.value.int ?? 0)"
        }
      return "\(fact.name)\t\(text)"
    }
    guard let first = chain.steps.first else { return lines }
    lines.append("")
    lines.append(columns(of: first).map(\.name).joined(separator: "\t"))
    for step in chain.steps {
      lines.append(columns(of: step).map(\.text).joined(separator: "\t"))
    }
    return lines
  }

  private func columns(of step: MergeChain.Step) -> [(name: String, text: String)] {
    let decision = step.decision
    let place = decision.peak.point.position(in: description.volume)
    return [
      ("from", "\(step.from)"), ("to", "\(step.to)"), ("cost", shortText(decision.cost)),
      ("rule", decision.rule.text), ("links", "\(decision.affinity.count)"),
      ("strongest", shortText(decision.peak.affinity)),
      ("z,y,x", "\(place.z),\(place.y),\(place.x)"),
      ("nm", description.nanometers(of: place).map { shortText($0) }.joined(separator: ",")),
      ("region_a", "\(decision.first)"), ("voxels_a", "\(decision.firstVoxels)"),
      ("region_b", "\(decision.second)"), ("voxels_b", "\(decision.secondVoxels)"),
      ("decided_in", step.box.text),
    ]
  }

  /// The same as JSON.
  var json: JSONObject {
    var object = JSONObject(facts.map { ($0.name, $0.value) }) { $1 }
    object["joined"] = .bool(chain.areJoined)
    object["steps"] = .array(chain.steps.map { .object(json(of: $0)) })
    return object
  }

  private func json(of step: MergeChain.Step) -> JSONObject {
    let decision = step.decision
    let place = decision.peak.point.position(in: description.volume)
    func region(_ name: UInt64, _ voxels: UInt64) -> JSONValue {
      .object(["region": .unsigned(name), "voxels": .unsigned(voxels)])
    }
    return [
      "from": .unsigned(step.from), "to": .unsigned(step.to),
      "cost": .number(rounded(decision.cost)), "rule": .string(decision.rule.text),
      "links": .unsigned(decision.affinity.count),
      "strongest": .number(rounded(decision.peak.affinity)),
      "voxel": .array([place.z, place.y, place.x].map { .integer(Int64($0)) }),
      "nanometers": .array(description.nanometers(of: place).map { .number($0) }),
      "regions": .array([
        region(decision.first, decision.firstVoxels),
        region(decision.second, decision.secondVoxels),
      ]),
      "decided_in": .string(step.box.text),
    ]
  }

  private func rounded(_ value: Double) -> Double { (value * 1e6).rounded() / 1e6 }
}

extension ContactDecision.Rule {
  /// The rule in a word or two.
  var text: String {
    switch self {
    case .statistic: "score"
    case .exemption: "score, no veto"
    case .sizeVeto: "size veto"
    case .classVeto: "class veto"
    }
  }
}

extension VoxelBox {
  /// Where the box begins, and its lengths.
  fileprivate var text: String { "\(origin.z),\(origin.y),\(origin.x) + \(extent.text)" }
}
