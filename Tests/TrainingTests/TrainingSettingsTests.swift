import Codecs
import TestSupport
import Testing
import Training
import Voxels

struct TrainingSettingsTests {
  @Test func `every augmentation and target can be left at its defaults and written back`() throws {
    let names = augmentationTypes.map { type in type.name }
    let targetNames = trainingTargetTypes.map { type in type.name }
    var reader = try SettingsReader(
      .object([
        "augmentations": .array(names.map { .object(["name": .string($0)]) }),
        "targets": .array(targetNames.map { .object(["name": .string($0)]) }),
      ]))
    #expect(try reader.augmentations().count == names.count)
    #expect(try reader.targets().count == targetNames.count)
    try reader.finish()
    // What is written back reads as the same.
    var again = try SettingsReader(.object(reader.completed))
    _ = try again.augmentations()
    _ = try again.targets()
    try again.finish()
    #expect(again.completed == reader.completed)
  }

  @Test(arguments: [
    (#"{"name": "elastic", "amplitde": 3}"#, "augmentations[0].amplitde"),
    (#"{"name": "elastic", "amplitude": -3}"#, "augmentations[0].amplitude"),
    (#"{"name": "elastic", "amplitude": [1, 2]}"#, "augmentations[0].amplitude"),
    (#"{"name": "elastic", "scale": [1.1, 0.9]}"#, "augmentations[0].scale"),
    (#"{"name": "flips", "probability": 1.5}"#, "augmentations[0].probability"),
    (#"{"name": "flips", "axes": "xyz"}"#, "augmentations[0].axes"),
    (#"{"name": "missing_sections", "fill": "grey"}"#, "augmentations[0].fill"),
    (#"{"name": "bogus"}"#, "augmentations[0].name"), (#"{}"#, "augmentations[0].name"),
    (#"3"#, "augmentations[0]"),
  ])
  func `an augmentation's wrong setting is named`(text: String, key: String) throws {
    let error = #expect(throws: SettingsError.self) { try augmentation(text) }
    #expect(error?.key == key)
    #expect(error?.expected != nil)
  }

  @Test(arguments: [
    (#"{"name": "affinities", "offsets": []}"#, "targets[0].offsets"),
    (#"{"name": "affinities", "offsets": [[0, 0, 0]]}"#, "targets[0].offsets"),
    (#"{"name": "affinities", "offsets": [[-1, 0]]}"#, "targets[0].offsets"),
    (#"{"name": "affinities", "offsets": [[-1, 0, "0"]]}"#, "targets[0].offsets"),
    (#"{"name": "affinities", "offsets": [[-1, 0, 0], [-1, 0, 0]]}"#, "targets[0].offsets"),
    (#"{"name": "affinities", "offsets": [[-1, 0, 9999]]}"#, "targets[0].offsets"),
    (#"{"name": "affinities", "erode": 1}"#, "targets[0].erode"),
    (#"{"name": "mask", "ids": []}"#, "targets[0].ids"),
    (#"{"name": "mask", "ids": [0]}"#, "targets[0].ids"),
    (#"{"name": "shape_descriptors", "sigma": 0}"#, "targets[0].sigma"),
    (#"{"name": "lsds"}"#, "targets[0].name"),
  ])
  func `a target's wrong setting is named`(text: String, key: String) throws {
    #expect(#expect(throws: SettingsError.self) { try target(text) }?.key == key)
  }

  @Test func `unknown settings list the known ones`() throws {
    let error = #expect(throws: SettingsError.self) {
      try augmentation(#"{"name": "noise", "sigm": [0, 1]}"#)
    }
    #expect(error?.expected == "name, probability, salt_and_pepper, sigma")
  }

  @Test(arguments: ["Augmentations", "Targets"])
  func `no file is missing in its list`(folder: String) throws {
    let path =
      "\(volumes)/../Sources/Training/\(folder)"
    let names =
      folder == "Targets"
      ? trainingTargetTypes.map { "\($0)" } : augmentationTypes.map { "\($0)" }
    let conformance = folder == "Targets" ? ": TrainingTarget {" : ": Augmentation {"
    var found: Set<String> = []
    for name in folderContents(path) {
      let text = String(decoding: contents(of: "\(path)/\(name)"), as: UTF8.self)
      for line in text.split(separator: "\n") where line.hasSuffix(conformance) {
        found.insert(String(line.dropFirst("public struct ".count).dropLast(conformance.count)))
      }
    }
    #expect(found == Set(names) && !found.isEmpty)
  }
}
