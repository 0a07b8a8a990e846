import CommandLineInterface

/// Regions of an option that may be given several times; a comma belongs to the text of a sphere.
struct RegionList: ArgumentValue, RandomAccessCollection {
  private var regions: [RegionArgument] = []

  /// No regions.
  init() {}

  init?(argument: String) {
    guard let region = RegionArgument(argument: argument) else { return nil }
    regions = [region]
  }

  var argumentText: String? {
    regions.isEmpty ? nil : regions.map(\.text).joined(separator: " ")
  }
  static let expectation = RegionArgument.expectation
  static let placeholder = RegionArgument.placeholder
  static let isRepeatable = true
  mutating func append(_ later: RegionList) { regions += later.regions }

  var startIndex: Int { 0 }
  var endIndex: Int { regions.count }
  subscript(index: Int) -> RegionArgument { regions[index] }
}
