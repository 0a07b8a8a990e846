import VolumeStore
import Voxels

/// The text that tells other programs what the pages of a stack are.
enum TIFFDescription {
  /// The text for a file: as ImageJ writes it for sections, OME-XML for channels and time points.
  ///
  /// Pages count channels fastest, then time points, then sections.
  static func text(_ metadata: VolumeMetadata, sections: Int) -> String {
    metadata.channels == 1
      ? imageJ(metadata, sections: sections) : omeXML(metadata, sections: sections)
  }

  /// Source: ImageJ `FileSaver.getDescriptionString`.
  private static func imageJ(_ metadata: VolumeMetadata, sections: Int) -> String {
    var text = "ImageJ=1.53t\nimages=\(sections)\nslices=\(sections)\nloop=false\n"
    if let size = metadata.voxelSize {
      let unit =
        switch size.unit {
        case .nanometer: "nm"
        case .micrometer: "micron"
        case .millimeter: "mm"
        case .centimeter: "cm"
        case .meter: "m"
        case .angstrom: "angstrom"
        }
      text += "spacing=\(size.z)\nunit=\(unit)\n"
    }
    return text
  }

  /// Source: OME-XML schema 2016-06.
  private static func omeXML(_ metadata: VolumeMetadata, sections: Int) -> String {
    let times = metadata.timePoints
    let channels = metadata.channels / times
    let schema = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
    let type =
      switch metadata.dataType {
      case .float32: "float"
      case .float64: "double"
      default: metadata.dataType.rawValue
      }
    var sizes = ""
    if let size = metadata.voxelSize?.converted(to: .nanometer) {
      for (axis, length) in [("X", size.x), ("Y", size.y), ("Z", size.z)] {
        sizes += " PhysicalSize\(axis)=\"\(length)\" PhysicalSize\(axis)Unit=\"nm\""
      }
    }
    var text = """
      <?xml version="1.0" encoding="UTF-8"?><OME xmlns="\(schema)" \
      xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
      xsi:schemaLocation="\(schema) \(schema)/ome.xsd"><Image ID="Image:0" Name="volume">\
      <Pixels ID="Pixels:0" DimensionOrder="XYCTZ" Type="\(type)" SizeX="\(metadata.extent.x)" \
      SizeY="\(metadata.extent.y)" SizeZ="\(sections)" SizeC="\(channels)" SizeT="\(times)"\
      \(sizes) BigEndian="false">
      """
    for channel in 0..<channels {
      text += "<Channel ID=\"Channel:0:\(channel)\" SamplesPerPixel=\"1\"/>"
    }
    let planes = sections * metadata.channels
    text += "<TiffData IFD=\"0\" PlaneCount=\"\(planes)\"/></Pixels></Image></OME>"
    return text
  }
}
