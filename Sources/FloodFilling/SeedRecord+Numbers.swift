import Voxels

// Records as lists of whole numbers, to be stored.
extension SeedRecord {
  /// The record as whole numbers, the visits last.
  public var numbers: [Int64] {
    var list = [flood.seed.z, flood.seed.y, flood.seed.x]
    switch outcome {
    case .object(let id, let own, let shared): list += [0, Int(id), own, shared]
    case .passedOver: list += [1, 0, 0, 0]
    case .masked: list += [2, 0, 0, 0]
    case .tooNear: list += [3, 0, 0, 0]
    case .weak: list += [4, 0, 0, 0]
    case .tooSmall(let count): list += [5, 0, count, 0]
    }
    list.append(FloodedObject.End.order.firstIndex(of: flood.end) ?? 0)
    let seen = flood.seen ?? VoxelBox(extent: .zero)
    list += [
      seen.origin.z, seen.origin.y, seen.origin.x, seen.extent.z, seen.extent.y, seen.extent.x,
    ]
    list.append(flood.visits.count)
    for (place, deleted) in zip(flood.visits, flood.deletions) {
      list += [place.z, place.y, place.x, deleted]
    }
    return list.map { Int64($0) }
  }

  /// Reads a record from the front of a list that ``numbers`` gave.
  ///
  /// - Returns: Nil where the list says what cannot be; the numbers read are removed.
  public init?(takingFrom list: inout ArraySlice<Int64>) {
    let fixed = 15
    guard list.count >= fixed else { return nil }
    let head = list.prefix(fixed).map { Int($0) }
    let count = head[14]
    guard count >= 0, count <= (list.count - fixed) / 4, head[4] >= 0, head[4] <= Int32.max,
      FloodedObject.End.order.indices.contains(head[7])
    else { return nil }
    let place = { (start: Int) in
      VoxelPosition(z: head[start], y: head[start + 1], x: head[start + 2])
    }
    switch head[3] {
    case 0: outcome = .object(id: Int32(head[4]), voxelCount: head[5], overlapCount: head[6])
    case 1: outcome = .passedOver
    case 2: outcome = .masked
    case 3: outcome = .tooNear
    case 4: outcome = .weak
    case 5: outcome = .tooSmall(voxelCount: head[5])
    default: return nil
    }
    flood = FloodedObject(seed: place(0))
    flood.end = FloodedObject.End.order[head[7]]
    let extent = VoxelExtent(z: head[11], y: head[12], x: head[13])
    flood.seen = extent == .zero ? nil : VoxelBox(origin: place(8), extent: extent)
    list.removeFirst(fixed)
    for _ in 0..<count {
      let visit = list.prefix(4).map { Int($0) }
      flood.visits.append(VoxelPosition(z: visit[0], y: visit[1], x: visit[2]))
      flood.deletions.append(visit[3])
      list.removeFirst(4)
    }
  }
}

extension FloodedObject.End {
  /// The ends by the number that stands for them where they are stored; append only.
  fileprivate static let order: [FloodedObject.End] = [.filled, .weakSeed, .callLimit]
}
