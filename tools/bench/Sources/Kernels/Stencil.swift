public import Voxels

/// The 6-neighbour sum of a block's inner voxels, written in the ways docs/architecture.md compares.
public enum Stencil {
  /// A generic kernel on rows, without specialisation.
  public static func genericRows<Scalar: VoxelScalar & FloatingPoint>(
    _ input: borrowing Volume<Scalar>, into output: inout Volume<Scalar>
  ) {
    rowsBody(input, into: &output)
  }

  /// The same, specialised for the type stored.
  @specialized(where Scalar == Float)
  public static func specializedRows<Scalar: VoxelScalar & FloatingPoint>(
    _ input: borrowing Volume<Scalar>, into output: inout Volume<Scalar>
  ) {
    rowsBody(input, into: &output)
  }

  @inline(__always)
  private static func rowsBody<Scalar: VoxelScalar & FloatingPoint>(
    _ input: borrowing Volume<Scalar>, into output: inout Volume<Scalar>
  ) {
    let extent = input.extent
    for z in 1..<extent.z - 1 {
      for y in 1..<extent.y - 1 {
        let here = input.row(z: z, y: y)
        let above = input.row(z: z - 1, y: y)
        let below = input.row(z: z + 1, y: y)
        let before = input.row(z: z, y: y - 1)
        let after = input.row(z: z, y: y + 1)
        var out = output.mutableRow(z: z, y: y)
        for x in 1..<extent.x - 1 {
          out[x] =
            above[x] + below[x] + before[x] + after[x] + here[x - 1] + here[x + 1]
        }
      }
    }
  }

  /// One flat index into the whole span, bounds and overflow checked.
  public static func flatSpan(_ input: borrowing Volume<Float>, into output: inout Volume<Float>) {
    let extent = input.extent
    let (rowStep, planeStep) = (extent.x, extent.y * extent.x)
    let source = input.span
    var target = output.mutableSpan
    for z in 1..<extent.z - 1 {
      for y in 1..<extent.y - 1 {
        for x in 1..<extent.x - 1 {
          let i = z * planeStep + y * rowStep + x
          target[i] =
            source[i - planeStep] + source[i + planeStep] + source[i - rowStep]
            + source[i + rowStep] + source[i - 1] + source[i + 1]
        }
      }
    }
  }

  /// Unchecked pointers with wrapping arithmetic: the floor that safe code is held against.
  public static func pointers(_ input: borrowing Volume<Float>, into output: inout Volume<Float>) {
    let extent = input.extent
    let (rowStep, planeStep) = (extent.x, extent.y &* extent.x)
    let span = input.span
    span.withUnsafeBufferPointer { source in
      var target = output.mutableSpan
      target.withUnsafeMutableBufferPointer { target in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        for z in 1..<extent.z - 1 {
          for y in 1..<extent.y - 1 {
            for x in 1..<extent.x - 1 {
              let i = z &* planeStep &+ y &* rowStep &+ x
              to[i] =
                from[i &- planeStep] + from[i &+ planeStep] + from[i &- rowStep]
                + from[i &+ rowStep] + from[i &- 1] + from[i &+ 1]
            }
          }
        }
      }
    }
  }
}
