import Codecs
import CommandLineInterface
import Synapses
import Voxels

/// The command `emseg synapses list`.
struct SynapsesListCommand: Command {
  var table = ""
  var limit = 20
  var supervoxel: UInt64?
  var isJSON = false

  static let manual = Manual<Self>(
    "synapses list",
    summary: "Show a table of synapses: how many, how they were found, and the first of them.",
    arguments: [
      .positional("TABLE", \.table, "The synapses, in any form that can be imported."),
      .option("--limit", \.limit, accepting: .atLeast(0), "The most synapses to show."),
      .option(
        "--supervoxel", \.supervoxel, placeholder: "ID",
        "Only synapses that a supervoxel sends or receives."),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [
      Example("emseg synapses list brain.fascicle", "The first synapses of a project.")
    ])

  func run(_ context: CommandContext) throws {
    let file = try SynapseFile(table, unit: VoxelSize(z: 1, y: 1, x: 1))
    var synapses = file.synapses
    if let supervoxel {
      synapses.removeAll {
        $0.preSupervoxelID != supervoxel && $0.postSupervoxelID != supervoxel
      }
    }
    var report = EvaluationReport()
    report.add("form", file.form.rawValue)
    for (name, value) in file.facts.sorted(by: { $0.key < $1.key }) { report.add(name, value) }
    report.add("synapses", synapses.count)
    report.add("with_supervoxels", synapses.count { $0.preSupervoxelID != nil })
    let scores = synapses.compactMap(\.score).sorted()
    if let least = scores.first, let most = scores.last {
      report.add("score_least", least)
      report.add("score_median", scores[scores.count / 2])
      report.add("score_most", most)
    }
    report.add("synapses_shown", each: "synapse", synapses.prefix(limit).map(Self.entry))
    try report.print(asJSON: isJSON, context)
  }

  private static func entry(_ synapse: Synapse) -> (text: String, value: JSONValue) {
    func texts(_ place: PhysicalPosition) -> String {
      [place.z, place.y, place.x].map { shortText($0) }.joined(separator: ",")
    }
    func numbers(_ place: PhysicalPosition) -> JSONValue {
      .array([place.z, place.y, place.x].map { .number($0) })
    }
    let id = synapse.id ?? 0
    let (pre, post) = (synapse.preSupervoxelID, synapse.postSupervoxelID)
    let sides = [pre, post].map { $0.map { "\($0)" } ?? "?" }.joined(separator: " → ")
    let score = synapse.score.map { ", score \(shortText($0))" } ?? ""
    var value: JSONObject = [
      "id": .unsigned(id), "pre_nm": numbers(synapse.pre), "post_nm": numbers(synapse.post),
    ]
    value["pre_supervoxel_id"] = pre.map { .unsigned($0) }
    value["post_supervoxel_id"] = post.map { .unsigned($0) }
    value["score"] = synapse.score.map { .number($0) }
    value["size"] = synapse.size.map { .number($0) }
    value["method"] = synapse.method.map { .string($0) }
    value["model"] = synapse.model.map { .string($0) }
    return (
      "\(id)  \(sides) at \(texts(synapse.pre)) → \(texts(synapse.post)) nm\(score)",
      .object(value)
    )
  }
}
