package import VolumeStore

/// The files of a stack in order, checked for missing and foreign ones by their names.
package struct SectionSeries {
  /// The paths, first section first.
  package private(set) var paths: [String]
  /// What was assumed about them.
  package internal(set) var notes: [String] = []

  /// The most missing files that a message names.
  private static let shownNames = 5

  /// Puts files in order.
  ///
  /// - Parameters:
  ///   - files: The paths.
  ///   - place: The folder or pattern they come from, for messages.
  /// - Throws: ``VolumeError`` with `malformedMetadata` where the numbers leave a gap, occur twice,
  ///   or where a few names are not like the others.
  package init(_ files: [String], place: String) throws(VolumeError) {
    let names = files.map { SectionName(path: $0) }.sorted()
    paths = names.map(\.path)
    guard names.count > 1 else { return }
    try SectionSeries.refuseForeign(names, place: place)
    let varying = names[0].digits.indices.filter { index in
      names.contains { $0.digits[index] != names[0].digits[index] }
    }
    guard names.allSatisfy({ $0.texts == names[0].texts }), varying.count == 1,
      let counter = varying.first
    else {
      notes.append(
        "\(place): the file names do not count sections, so none can be found missing; "
          + "sections are in the natural order of their names")
      return
    }
    try SectionSeries.checkNumbers(names, counter: counter, place: place)
  }

  /// Refuses names that differ in form from most others: an overview image, say, is no section.
  private static func refuseForeign(_ names: [SectionName], place: String) throws(VolumeError) {
    var counts: [[Substring]: Int] = [:]
    for name in names { counts[name.texts, default: 0] += 1 }
    guard counts.count > 1, let most = counts.max(by: { $0.value < $1.value }),
      most.value * 2 > names.count, let usual = names.first(where: { $0.texts == most.key }),
      let foreign = names.first(where: { $0.texts != most.key })
    else { return }
    throw VolumeError(
      .malformedMetadata, path: foreign.path, "is not named like the other sections of \(place)",
      found: String(foreign.name), expected: "a name like \(usual.name)",
      remedy: "move it elsewhere, or name the sections by a pattern")
  }

  private static func checkNumbers(
    _ names: [SectionName], counter: Int, place: String
  ) throws(VolumeError) {
    var numbers: [Int] = []
    for name in names {
      // Numbers beyond 18 digits are dates and hashes, not sections.
      guard let number = Int(name.digits[counter]) else { return }
      numbers.append(number)
    }
    let steps = zip(numbers.dropFirst(), numbers).map { $0 - $1 }
    if let twice = steps.firstIndex(of: 0) {
      throw VolumeError(
        .malformedMetadata, path: names[twice + 1].path, "has the number of another section",
        found: "\(names[twice].name) and \(names[twice + 1].name)",
        remedy: "move one of them elsewhere")
    }
    guard let step = steps.min(), steps.contains(where: { $0 != step }) else { return }
    var missing: [String] = []
    var missingCount = 0
    for (index, gap) in steps.enumerated() where gap != step {
      var number = numbers[index]
      while numbers[index + 1] - number > step {
        number += step
        missingCount += 1
        guard missing.count < shownNames else {
          missingCount += (numbers[index + 1] - number - 1) / step
          break
        }
        missing.append(names[index].name(number: counter, replacedBy: number))
      }
    }
    let more = missingCount - missing.count
    throw VolumeError(
      .malformedMetadata, path: place,
      missingCount == 1 ? "a section is missing" : "\(missingCount) sections are missing",
      found: "no \(missing.joined(separator: ", "))" + (more > 0 ? " and \(more) more" : ""),
      remedy: "restore the files, or put a copy of a neighbouring section in each place")
  }
}
