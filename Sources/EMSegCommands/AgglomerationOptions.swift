import Codecs
import CommandLineInterface
import Segmentation

/// What ranks contacts, and what keeps regions apart, as options.
struct AgglomerationOptions {
  /// What of a contact's links ranks it.
  enum Statistic: String, CaseIterable, ArgumentValue {
    case mean, quantile, maximum
  }

  var statistic: Statistic?
  var quantile = 0.5
  var sizeVeto: SizeVetoArgument?
  var classes: String?
  var classVeto: ClassVetoArgument?

  static let arguments: [Argument<AgglomerationOptions>] = [
    .option(
      "--statistic", \.statistic,
      "What of a contact's affinities ranks it; that of the merges kept in --graph, else mean."),
    .option(
      "--quantile", \.quantile, accepting: .from(0...1),
      "The quantile of --statistic quantile: 0.5 is the median."),
    .option(
      "--size-veto", \.sizeVeto,
      "Keep regions apart over contacts below A if the smaller has more than N voxels and both "
        + "together more than T; standard is 0.35,1000000,10000000."),
    .option(
      "--classes", \.classes, placeholder: "VOLUME",
      "A volume of classes, 1 to 255, 0 for none: regions of different classes are kept apart."),
    .option(
      "--class-veto", \.classVeto,
      "With --classes: only over contacts below A, if both have more than N voxels of classes and "
        + "one class has the share S of each; standard is 0.5,100000,0.6."),
  ]

  /// Whether nothing is said of what merges.
  var isUnstated: Bool {
    statistic == nil && sizeVeto == nil && classes == nil && classVeto == nil
  }

  /// The chosen score; nil where none is.
  func score() throws(UsageError) -> ContactScore? {
    switch statistic {
    case nil: return nil
    case .mean: return .mean
    case .maximum: return .maximum
    case .quantile:
      guard let level = QuantileLevel(quantile) else {
        throw UsageError("--quantile", "is no share", found: shortText(quantile))
      }
      return .quantile(level)
    }
  }

  /// The veto by class; nil where no classes are given.
  func classRule() throws(UsageError) -> ClassVeto? {
    guard classes != nil || classVeto == nil else {
      throw UsageError(
        "--class-veto", "there are no classes", remedy: "name their volume with --classes")
    }
    return classes.map { _ in classVeto?.veto ?? ClassVeto() }
  }
}

/// A veto by size: `standard`, or its three thresholds.
struct SizeVetoArgument: ArgumentValue {
  var veto: SizeVeto

  init?(argument: String) {
    guard argument != "standard" else {
      veto = SizeVeto()
      return
    }
    guard let values = triple(argument, Double.init), (0...1).contains(values[0]),
      let smaller = UInt64(exactly: values[1]), let total = UInt64(exactly: values[2])
    else { return nil }
    veto = SizeVeto(affinity: values[0], smallerVoxels: smaller, totalVoxels: total)
  }

  var argumentText: String? {
    "\(shortText(veto.affinity)),\(veto.smallerVoxels),\(veto.totalVoxels)"
  }
  static var expectation: String { "standard, or an affinity and two numbers of voxels, A,N,T" }
  static var placeholder: String { "A,N,T" }
}

/// A veto by class: `standard`, or its three thresholds.
struct ClassVetoArgument: ArgumentValue {
  var veto: ClassVeto

  init?(argument: String) {
    guard argument != "standard" else {
      veto = ClassVeto()
      return
    }
    guard let values = triple(argument, Double.init), (0...1).contains(values[0]),
      let voxels = UInt64(exactly: values[1]), (0...1).contains(values[2])
    else { return nil }
    veto = ClassVeto(affinity: values[0], classVoxels: voxels, dominance: values[2])
  }

  var argumentText: String? {
    "\(shortText(veto.affinity)),\(veto.classVoxels),\(shortText(veto.dominance))"
  }
  static var expectation: String {
    "standard, or an affinity, a number of voxels and a share, A,N,S"
  }
  static var placeholder: String { "A,N,S" }
}
