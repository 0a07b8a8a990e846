import Codecs
import CommandLineInterface
import Proofreading
import SQLite
import VolumeStore

/// The command `emseg proofread agreement`.
struct ProofreadAgreementCommand: Command {
  var project = ProjectArgument()
  var isJSON = false

  static let manual = Manual<Self>(
    "proofread agreement",
    summary: "Tell how far reviewers agree, by Cohen's kappa.",
    discussion: """
      Over the tasks that two reviewers both judged: the share judged alike, and kappa, which is 1 \
      for full agreement and 0 for that of chance. "Unsure" counts as a judgement of its own; \
      skipped tasks do not count. mean_kappa is the mean over pairs. Of gold tasks, whose answer is \
      known, the share of right answers is printed for each reviewer.
      """,
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [Example("emseg proofread agreement fib25.fascicle", "Do reviewers agree?")],
    references: ["Cohen 1960, doi:10.1177/001316446002000104"])

  func run(_ context: CommandContext) throws {
    let agreement = try TaskQueue(try project.database(.read)).agreement()
    var report = EvaluationReport()
    if let kappa = agreement.meanKappa { report.add("mean_kappa", kappa) }
    if let raw = agreement.rawAgreement { report.add("agreement", raw) }
    report.add(
      "pairs", each: "pair",
      agreement.pairs.map { pair in
        let kappa = pair.kappa
        return (
          "\(pair.first) and \(pair.second): kappa \(kappa.value.map { shortText($0) } ?? "-"), "
            + "\(shortText(kappa.observed)) of \(kappa.count) alike",
          .object([
            "first": .string(pair.first), "second": .string(pair.second),
            "tasks": .integer(Int64(kappa.count)), "agreement": .number(kappa.observed),
            "expected": .number(kappa.expected), "kappa": kappa.value.map { .number($0) } ?? .null,
          ])
        )
      })
    report.add(
      "gold", each: "gold",
      agreement.gold.map { entry in
        (
          "\(entry.reviewer): \(entry.correct) of \(entry.count) right",
          .object([
            "reviewer": .string(entry.reviewer), "tasks": .integer(Int64(entry.count)),
            "correct": .integer(Int64(entry.correct)),
          ])
        )
      })
    try report.print(asJSON: isJSON, context)
  }
}
