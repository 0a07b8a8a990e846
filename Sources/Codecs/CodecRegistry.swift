/// Every bytes → bytes codec, by its name in `zarr.json`.
///
/// A new codec is a file of its own and a line here.
public enum CodecRegistry {
  /// The codecs, by name.
  public static let codecs: [any BytesCodec.Type] = [
    BloscCodec.self,
    CRC32CCodec.self,
    GzipCodec.self,
    ZlibCodec.self,
    ZstdCodec.self,
  ]

  /// The codecs' names, sorted.
  public static var names: [String] { codecs.map { $0.name } }

  /// Creates a codec by its name.
  ///
  /// - Throws: ``CodecError`` with `unknownCodec` where there is none of that name,
  ///   `invalidConfiguration` where it refuses the configuration.
  public static func codec(
    named name: String, configuration: JSONObject
  ) throws(CodecError) -> any BytesCodec {
    guard let type = codecs.first(where: { $0.name == name }) else {
      throw CodecError(
        .unknownCodec, codec: name,
        "no such codec; known are \(names.joined(separator: ", "))")
    }
    return try type.init(configuration: configuration)
  }
}
