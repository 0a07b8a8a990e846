import Codecs

// The unsafe code of gathering values that lie apart. Each use states why it is sound.

extension MutableRawSpan {
  /// Copies values that lie strides apart, for every combination of the steps' indices.
  ///
  /// - Parameters:
  ///   - source: The bytes copied from; offsets count from its first value.
  ///   - steps: The axes; strides in values.
  ///   - offset: The value of this span that the first one is copied to.
  ///   - width: The bytes of one value: 1, 2, 4 or 8.
  mutating func gather(_ source: RawSpan, _ steps: [DenseStep], to offset: Int, width: Int) {
    // The axis that lies closest together where it is written goes innermost.
    guard let inner = steps.indices.min(by: { steps[$0].target < steps[$1].target }) else {
      copy(source.extracting(0..<width), to: offset * width)
      return
    }
    var outer = steps
    let run = outer.remove(at: inner)
    let last = steps.reduce((source: 0, target: offset)) {
      ($0.source + ($1.count - 1) * $1.source, $0.target + ($1.count - 1) * $1.target)
    }
    precondition(
      offset >= 0 && (last.source + 1) * width <= source.byteCount
        && (last.target + 1) * width <= byteCount, "the values lie outside")
    withUnsafeMutableBytes { target in
      source.withUnsafeBytes { source in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        var index = [Int](repeating: 0, count: outer.count)
        var (here, there) = (0, offset)
        while true {
          // Sound: the values of the largest indices were checked above to lie within both spans,
          // and strides are not negative.
          copyRun(from + here * width, to + there * width, run, width)
          var axis = outer.count - 1
          while axis >= 0 {
            index[axis] += 1
            here += outer[axis].source
            there += outer[axis].target
            if index[axis] < outer[axis].count { break }
            here -= outer[axis].source * outer[axis].count
            there -= outer[axis].target * outer[axis].count
            index[axis] = 0
            axis -= 1
          }
          if axis < 0 { return }
        }
      }
    }
  }
}

private func copyRun(
  _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ run: DenseStep, _ width: Int
) {
  guard run.source != 1 || run.target != 1 else {
    to.copyMemory(from: from, byteCount: run.count * width)
    return
  }
  switch width {
  case 1: copyValues(from, to, run, UInt8.self)
  case 2: copyValues(from, to, run, UInt16.self)
  case 4: copyValues(from, to, run, UInt32.self)
  default: copyValues(from, to, run, UInt64.self)
  }
}

@inline(__always)
private func copyValues<Value: BitwiseCopyable>(
  _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ run: DenseStep, _ type: Value.Type
) {
  let width = MemoryLayout<Value>.size
  var (from, to) = (from, to)
  for _ in 0..<run.count {
    to.storeBytes(of: from.loadUnaligned(as: Value.self), as: Value.self)
    from += run.source * width
    to += run.target * width
  }
}
