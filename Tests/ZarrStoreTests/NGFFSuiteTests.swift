import Codecs
import Glibc
import TestSupport
import Testing
import ZarrStore

/// The test suites of the released OME-NGFF 0.5 specification (tools/conformance/ngff), where the
/// environment variable FASCICLE_NGFF_SPEC names a checkout of its branch 0.5.
@Suite struct `The suites of OME-NGFF 0.5` {
  static let folder = getenv("FASCICLE_NGFF_SPEC").map { String(cString: $0) }

  struct Suite {
    let isStrict: Bool
    let tests: [JSONObject]

    init(_ path: String) throws {
      isStrict = path.contains("/strict_")
      let root = try JSONValue(parsing: contents(of: path)).object
      tests = (root?["tests"]?.array ?? []).compactMap { $0.object }
    }
  }

  @Test(
    .enabled(if: folder != nil, "FASCICLE_NGFF_SPEC is not set: see tools/conformance/ngff"),
    arguments: [
      "image", "strict_image", "label", "strict_label", "plate", "strict_plate", "well",
      "strict_well",
    ])
  func `are classified as they say`(name: String) throws {
    let folder = try #require(Self.folder)
    let suite = try Suite("\(folder)/tests/\(name)_suite.json")
    #expect(!suite.tests.isEmpty)
    for test in suite.tests {
      let data = try #require(test["data"]?.object)
      let faults = NGFFValidation.faults(in: data, isStrict: suite.isStrict)
      let wanted = test["valid"]?.bool
      #expect(faults.isEmpty == wanted, "\(test["formerly"]?.string ?? "?"): \(faults)")
    }
    print("OME-NGFF 0.5: \(name): \(suite.tests.count) cases")
  }

  @Test(
    .enabled(if: folder != nil, "FASCICLE_NGFF_SPEC is not set: see tools/conformance/ngff"))
  func `have examples that are valid`() throws {
    let folder = try #require(Self.folder)
    var count = 0
    for path in filesBelow("\(folder)/examples") where path.hasSuffix(".json") {
      guard path.split(separator: "/").last?.hasPrefix(".") == false else { continue }
      // Lines of comment are no JSON.
      let lines = contents(of: "\(folder)/examples/\(path)").split(
        separator: UInt8(ascii: "\n"))
      let text = lines.filter { line in
        !line.drop { $0 == 0x20 || $0 == 0x09 }.starts(with: Array("//".utf8))
      }.joined(separator: [UInt8(ascii: "\n")])
      let root = try JSONValue(parsing: Array(text)).object
      guard let attributes = root?["attributes"]?.object else { continue }
      let isStrict = path.split(separator: "/").first?.hasSuffix("_strict") == true
      #expect(NGFFValidation.faults(in: attributes, isStrict: isStrict) == [], "\(path)")
      count += 1
    }
    #expect(count > 0)
    print("OME-NGFF 0.5: examples: \(count) cases")
  }

  @Test func `find what is wrong with metadata`() throws {
    let text =
      #"{"ome":{"version":"0.5","multiscales":[{"axes":[{"name":"x","type":"space"},"#
      + #"{"name":"c","type":"channel"},{"name":"x","type":"space"}],"datasets":[{"path":"0","#
      + #""coordinateTransformations":[{"type":"scale","scale":[1,1]}]}]}]}}"#
    let attributes = try #require(try JSONValue(parsing: Array(text.utf8)).object)
    #expect(
      NGFFValidation.faults(in: attributes) == [
        "multiscales/0/axes names an axis twice",
        "multiscales/0/axes is not in the order time, channel, space",
        "multiscales/0/datasets/0/coordinateTransformations has not one number for each axis in its scale",
      ])
    #expect(NGFFValidation.faults(in: ["ome": .object([:])]).count == 2)
    #expect(NGFFValidation.faults(in: [:]) == ["ome is missing"])
  }
}
