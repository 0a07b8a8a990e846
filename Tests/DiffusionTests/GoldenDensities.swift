import Diffusion
import ScannerImages
import TestSupport
import Testing
import Voxels

// Images and tables of `tools/golden/fod.py`.

let densityFolder = "\(volumes)/golden/mrtrix3-3.0.3/fod"

func volume(_ name: String) throws -> Volume<Float> {
  let image = try ScannerImage("\(densityFolder)/\(name)")
  return try image.slab(volumes: 0..<image.volumes, z: 0..<image.extent.z)
}

func values(_ name: String) throws -> [Float] {
  let volume = try volume(name)
  let span = volume.span
  return span.indices.map { span[$0] }
}

func image(_ name: String) throws -> (signals: Volume<Float>, gradients: GradientTable) {
  let image = try ScannerImage("\(densityFolder)/\(name).nii.gz")
  return (
    try image.slab(volumes: 0..<image.volumes, z: 0..<image.extent.z),
    try GradientTable(
      rows: GradientFile.mrtrix("\(densityFolder)/\(name).b", of: image.header))
  )
}

func numbers(_ name: String) throws -> [[Double]] {
  try text("\(densityFolder)/\(name)").split(separator: "\n").map { line in
    line.split(separator: " ").compactMap { Double(String($0)) }
  }
}

/// Unit vectors from azimuth and elevation.
func directions(_ name: String) throws -> [SIMD3<Double>] {
  try numbers(name).map { row in
    SIMD3(sine(row[1]) * cosine(row[0]), sine(row[1]) * sine(row[0]), cosine(row[1]))
  }
}
