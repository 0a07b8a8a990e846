/// Where each tensor between operations lies in one allocation.
///
/// Tensors that are never needed at the same time share their place: each is put, largest first,
/// at the lowest offset where it meets no tensor that lives while it does.
package struct ArenaPlan {
  package private(set) var offsets: [Int]
  package private(set) var byteCount = 0

  init(of builder: TensorProgramBuilder) {
    var lifetimes = [ClosedRange<Int>?](repeating: nil, count: builder.storageBytes.count)
    for (index, step) in builder.steps.enumerated() {
      for operand in step.operands {
        guard case .storage(let storage) = operand.place else { continue }
        lifetimes[storage] = (lifetimes[storage]?.lowerBound ?? index)...index
      }
    }
    self.init(sizes: builder.storageBytes, lifetimes: lifetimes)
  }

  /// - Parameters:
  ///   - sizes: The bytes of each tensor.
  ///   - lifetimes: The first and last operation that needs each; nil where none does.
  package init(sizes: [Int], lifetimes: [ClosedRange<Int>?]) {
    offsets = Array(repeating: 0, count: sizes.count)
    var placed: [Int] = []
    let order = sizes.indices.sorted { (sizes[$1], $0) < (sizes[$0], $1) }
    for tensor in order {
      guard let lifetime = lifetimes[tensor] else { continue }
      let size = Self.aligned(sizes[tensor])
      var offset = 0
      for other in placed.sorted(by: { offsets[$0] < offsets[$1] }) {
        guard let otherLifetime = lifetimes[other], otherLifetime.overlaps(lifetime) else {
          continue
        }
        if offset + size <= offsets[other] { break }
        offset = max(offset, offsets[other] + Self.aligned(sizes[other]))
      }
      offsets[tensor] = offset
      byteCount = max(byteCount, offset + size)
      placed.append(tensor)
    }
  }

  /// Bytes rounded up to whole cache lines.
  static func aligned(_ bytes: Int) -> Int {
    (bytes + TensorArena.alignment - 1) / TensorArena.alignment * TensorArena.alignment
  }
}
