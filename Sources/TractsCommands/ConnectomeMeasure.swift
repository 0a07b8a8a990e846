public import CommandLineInterface
public import Connectomes

/// A measure as it is named on the command line.
struct MeasureArgument: ArgumentValue, Hashable {
  /// What it measures.
  enum Kind: Hashable {
    case named(EdgeMeasure)
    /// The weights' sum, times the proportionality coefficient.
    case fibreBundleCapacity
    /// A statistic of values that a file has for each streamline, or an image along it.
    case values(EdgeMeasure.Statistic, path: String)
  }

  let text: String
  let kind: Kind

  init?(argument: String) {
    text = argument
    if let measure = EdgeMeasure.named.first(where: { $0.name == argument }) {
      kind = .named(measure)
    } else if argument == "fbc" {
      kind = .fibreBundleCapacity
    } else {
      guard let colon = argument.firstIndex(of: ":"),
        let statistic = EdgeMeasure.Statistic(rawValue: String(argument[..<colon]))
      else { return nil }
      let path = String(argument[argument.index(after: colon)...])
      guard !path.isEmpty else { return nil }
      kind = .values(statistic, path: path)
    }
  }

  /// The name in file names and descriptions, such as `mean_FA`.
  var name: String {
    guard case .values(let statistic, let path) = kind else { return text }
    return "\(statistic.rawValue)_\(OutputName.stem(of: path))"
  }

  var argumentText: String? { text }

  static var expectation: String {
    "one of " + EdgeMeasure.named.map { $0.name }.joined(separator: ", ")
      + ", fbc, or sum:, mean:, min: or max: and a file"
  }
  static var placeholder: String { "MEASURE" }
  static var completion: Completion {
    .words(EdgeMeasure.named.map { $0.name } + ["fbc", "mean:"])
  }
}

extension EdgeMeasure.Statistic: ArgumentValue {}

/// How streamlines are assigned, as it is named on the command line.
enum AssignmentArgument: String, CaseIterable, ArgumentValue {
  case radial
  case endVoxels = "end-voxels"
  case forward
  case reverse
  case allVoxels = "all-voxels"

  /// The rule.
  ///
  /// - Throws: `UsageError` where a radius is given that the rule does not have, or is missing.
  func rule(radius: Double?) throws(UsageError) -> AssignmentRule {
    switch self {
    case .radial: return .radial(radius ?? AssignmentRule.standardRadius)
    case .reverse: return .reverse(radius ?? 0)
    case .forward:
      guard let radius else {
        throw UsageError(
          "--radius", "a forward search has no usual distance", expected: "the farthest one in mm",
          remedy: "add --radius, such as --radius 10")
      }
      return .forward(radius)
    case .endVoxels, .allVoxels:
      guard radius == nil else {
        throw UsageError(
          "--radius", "this assignment searches nothing", found: "--assignment \(rawValue)",
          remedy: "leave --radius out")
      }
      return self == .endVoxels ? .endVoxels : .allVoxels
    }
  }
}

/// Names of outputs made from those of inputs.
enum OutputName {
  /// A file's name without its folder and the endings of images and tables.
  static func stem(of path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    for ending in [".nii.gz", ".mif.gz", ".mgh.gz"] where name.lowercased().hasSuffix(ending) {
      return String(name.dropLast(ending.count))
    }
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }

  /// The name of streamlines that are made for a matrix or a folder of them.
  static func tractogram(beside output: String) -> String {
    let path = output.hasSuffix("/") ? String(output.dropLast()) : output
    let ending = ending(of: path)
    return (ending.isEmpty ? path : String(path.dropLast(ending.utf8.count + 1))) + ".tck"
  }

  /// What follows the last point of a file's name, in lower case.
  static func ending(of path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }
}
