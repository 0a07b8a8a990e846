public import Voxels

/// Gathers the contacts between the fragments of a block.
///
/// - Parameters:
///   - affinities: (3, z, y, x) in [0, 1]; channels are the links towards the origin along z, y, x.
///   - fragments: (1, z, y, x) labels of the volume, each connected by faces; 0 is background.
///   - box: The voxels to account for; both volumes hold them, and `fragments` also the voxels
///     one before the near faces, where the volume has them.
///   - volume: The whole volume; fewer voxels than ``ContactPoint/axisLimit`` along each axis.
///   - detail: What to tell of contacts.
/// - Returns: The graph of the box.
/// - Complexity: O(*n* + *m* log *m*) for *n* voxels and *m* contacts.
@specialized(where Affinity == UInt8)
@specialized(where Affinity == Float)
public func regionGraph<Affinity: AffinityScalar>(
  affinities: borrowing Volume<Affinity>, fragments: borrowing Volume<UInt64>, box: VoxelBox,
  volume: VoxelBox, detail: ContactDetail = .sums
) -> RegionGraph {
  precondition(affinities.channels >= 3, "affinities have three channels")
  precondition(!box.isEmpty && volume.contains(box), "the box lies outside the volume")
  precondition(
    max(volume.extent.z, volume.extent.y, volume.extent.x) <= ContactPoint.axisLimit,
    "the volume is too long")
  let reach = VoxelBox(from: box.origin - VoxelExtent(cube: 1), to: box.end).intersection(volume)
  precondition(affinities.box.contains(box), "the affinities do not cover the box")
  precondition(fragments.box.contains(reach), "the fragments do not reach far enough")
  let numbering = FragmentNumbering(of: fragments, box: box, reach: reach, volume: volume)
  let numbers = numbering.numbers
  let near = box.origin - reach.origin
  let corner = box.origin - affinities.box.origin
  let linkColumns = corner.x..<corner.x + box.extent.x
  let columns = near.x..<reach.extent.x
  let place = box.origin - volume.origin
  var contacts = ContactTable(fragmentCount: numbering.fragmentCount, detail: detail)
  for z in 0..<box.extent.z {
    for y in 0..<box.extent.y {
      let (numberZ, numberY) = (z + near.z, y + near.y)
      let own = numbers.row(z: numberZ, y: numberY)
      let (linkZ, linkY) = (z + corner.z, y + corner.y)
      let start = ContactPoint(z: place.z + z, y: place.y + y, x: place.x)
      if numberZ > 0 {
        contacts.add(
          affinities.row(channel: 0, z: linkZ, y: linkY).extracting(linkColumns),
          own.extracting(columns),
          numbers.row(z: numberZ - 1, y: numberY).extracting(columns), from: start)
      }
      if numberY > 0 {
        contacts.add(
          affinities.row(channel: 1, z: linkZ, y: linkY).extracting(linkColumns),
          own.extracting(columns),
          numbers.row(z: numberZ, y: numberY - 1).extracting(columns), from: start)
      }
      contacts.add(
        affinities.row(channel: 2, z: linkZ, y: linkY).extracting(linkColumns)
          .extracting((1 - near.x)...),
        own.extracting(1...), own.extracting(0..<own.count - 1),
        from: start.advanced(by: 1 - near.x))
    }
  }
  return numbering.graph(of: box, contacts: contacts)
}

/// The fragments of a block, numbered from 1 so that they fit half a key.
private struct FragmentNumbering {
  /// (1, z, y, x) numbers of the voxels of the block and those before its near faces.
  let numbers: Volume<UInt32>
  /// The fragments, the one numbered *n* at index *n*; background stands at 0.
  private var fragments: [RegionGraph.Fragment] = []

  /// The number of fragments.
  var fragmentCount: Int { fragments.count - 1 }

  init(
    of labels: borrowing Volume<UInt64>, box: VoxelBox, reach: VoxelBox, volume: VoxelBox
  ) {
    let corner = reach.origin - labels.box.origin
    let near = box.origin - reach.origin
    let atFar = OpenFaces(of: box, sharedWith: volume)
    // The faces beyond which the volume goes on.
    let open = OpenFaces.all.subtracting(atFar)
    var table = IndexTable(capacity: 1 << 10)
    var numbers = Volume<UInt32>(box: reach)
    var fragments = [RegionGraph.Fragment(id: 0, voxelCount: 0, openFaces: [])]
    for z in 0..<reach.extent.z {
      for y in 0..<reach.extent.y {
        var rowFaces: OpenFaces = []
        if z <= near.z { rowFaces.insert(.nearZ) }
        if y <= near.y { rowFaces.insert(.nearY) }
        if z == reach.extent.z - 1 { rowFaces.insert(.farZ) }
        if y == reach.extent.y - 1 { rowFaces.insert(.farY) }
        let isOwn = z >= near.z && y >= near.y
        let row = labels.row(z: z + corner.z, y: y + corner.y)
          .extracting(corner.x..<corner.x + reach.extent.x)
        var target = numbers.mutableRow(z: z, y: y)
        var x = 0
        while x < row.count {
          let label = row[x]
          let first = x
          repeat { x &+= 1 } while x < row.count && row[x] == label
          guard label != 0 else { continue }
          let known = table.value(of: label)
          let number = known ?? UInt32(fragments.count)
          if known == nil {
            table.set(label, to: number)
            fragments.append(RegionGraph.Fragment(id: label, voxelCount: 0, openFaces: []))
          }
          for index in first..<x { target[index] = number }
          var faces = rowFaces
          if first <= near.x { faces.insert(.nearX) }
          if x == row.count { faces.insert(.farX) }
          fragments[Int(number)].openFaces.formUnion(faces.intersection(open))
          if isOwn { fragments[Int(number)].voxelCount += UInt64(x - max(first, near.x)) }
        }
      }
    }
    self.numbers = numbers
    self.fragments = fragments
  }

  /// The graph, with ids for numbers.
  func graph(of box: VoxelBox, contacts: ContactTable) -> RegionGraph {
    var isKept = fragments.map { $0.voxelCount > 0 }
    let unsorted = contacts.contacts
    for contact in unsorted {
      isKept[Int(contact.first)] = true
      isKept[Int(contact.second)] = true
    }
    let order = fragments.indices.filter { isKept[$0] }
      .sorted { fragments[$0].id < fragments[$1].id }
    let kept = order.map { fragments[$0] }
    // Two fragments' places in the order of ids make one key to sort their contact by.
    var places = [UInt32](repeating: 0, count: fragments.count)
    for (place, number) in order.enumerated() { places[number] = UInt32(place) }
    var sorted: [KeyedNumber] = []
    sorted.reserveCapacity(unsorted.count)
    for (number, contact) in unsorted.enumerated() {
      let (first, second) = (places[Int(contact.first)], places[Int(contact.second)])
      let key = UInt64(min(first, second)) << 32 | UInt64(max(first, second))
      sorted.append(KeyedNumber(key: key, number: UInt32(number)))
    }
    sorted.sortByKey()
    let histograms = contacts.histograms(inOrder: sorted)
    return RegionGraph(
      box: box, fragments: kept,
      contacts: sorted.map { entry in
        var contact = unsorted[Int(entry.number)]
        contact.first = kept[Int(entry.key >> 32)].id
        contact.second = kept[Int(entry.key & UInt64(UInt32.max))].id
        return contact
      },
      histogramWords: histograms.words, histogramStarts: histograms.starts)
  }
}
