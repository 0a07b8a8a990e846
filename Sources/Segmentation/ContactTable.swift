import Voxels

/// Contacts between numbered fragments.
struct ContactTable {
  /// Neighbouring links of one contact.
  private struct Run {
    var key: UInt64 = 0
    var affinity = MeanAffinity()
    var weakest: UInt64 = 0, strongest: UInt64 = 0
    /// Where the run begins, and its first strongest link.
    var start = 0, peak = 0
  }

  private(set) var contacts: [RegionGraph.Contact] = []
  /// The place of each pair of fragments' contact.
  private var places: NeighbourTable
  private let detail: ContactDetail
  /// The bins in use, by contact and bin, and the links in each.
  private var bins = IndexTable()
  private var binKeys: [UInt64] = []
  private var binCounts: [UInt64] = []

  /// Creates a table without contacts, of fragments numbered from 1 on.
  init(fragmentCount: Int, detail: ContactDetail) {
    places = NeighbourTable(count: fragmentCount + 1)
    self.detail = detail
  }

  /// Adds the links of a row of voxels, the first at a point, to another.
  @specialized(where Affinity == UInt8)
  @specialized(where Affinity == Float)
  mutating func add<Affinity: AffinityScalar>(
    _ links: Span<Affinity>, _ own: Span<UInt32>, _ other: Span<UInt32>, from point: ContactPoint
  ) {
    // Neighbouring links are often of the same contact, so they are added up first.
    var run = Run()
    for x in 0..<min(links.count, min(own.count, other.count)) {
      let left = own[x]
      let right = other[x]
      guard left != right, left != 0, right != 0 else { continue }
      let key = UInt64(min(left, right)) << 32 | UInt64(max(left, right))
      let link = links[x].fixedPoint
      if key != run.key {
        if run.key != 0 { add(run, from: point) }
        run = Run(key: key, weakest: link, strongest: link, start: x, peak: x)
      }
      run.affinity.add(link)
      if link > run.strongest {
        run.strongest = link
        run.peak = x
      }
      run.weakest = min(run.weakest, link)
      if detail == .histograms { addBin(of: link, to: key) }
    }
    if run.key != 0 { add(run, from: point) }
  }

  private mutating func add(_ run: Run, from start: ContactPoint) {
    let place = Int(self.place(of: run.key))
    let point = start.advanced(by: run.peak)
    guard place < contacts.count else {
      contacts.append(
        RegionGraph.Contact(
          first: run.key >> 32, second: run.key & UInt64(UInt32.max), affinity: run.affinity,
          weakest: run.weakest, strongest: run.strongest, point: point))
      return
    }
    var contact = contacts[place]
    contact.affinity.add(run.affinity)
    contact.weakest = min(contact.weakest, run.weakest)
    if run.strongest > contact.strongest
      || run.strongest == contact.strongest && point < contact.point
    {
      contact.strongest = run.strongest
      contact.point = point
    }
    contacts[place] = contact
  }

  /// The place of a pair's contact; a new one's is behind all others.
  private mutating func place(of key: UInt64) -> UInt32 {
    let (first, second) = (UInt32(key >> 32), UInt32(truncatingIfNeeded: key))
    if let place = places.value(first, second) { return place }
    let place = UInt32(contacts.count)
    places.set(first, second, to: place)
    return place
  }

  /// Adds a link to a contact's histogram.
  private mutating func addBin(of link: UInt64, to key: UInt64) {
    // A contact that is new gets the number here that it gets when the run ends.
    let contact = UInt64(place(of: key)) + 1
    let binKey = contact << 8 | UInt64(LinkHistogram.bin(ofUnits: link))
    let bin = Int(bins.number(of: binKey))
    if bin == binKeys.count {
      binKeys.append(binKey)
      binCounts.append(1)
    } else {
      binCounts[bin] += 1
    }
  }

  /// The contacts' histograms, one behind the other, in an order of the contacts' numbers.
  func histograms(inOrder order: [KeyedNumber]) -> (words: [UInt64], starts: [Int]) {
    guard detail == .histograms else { return ([], []) }
    var places = [UInt64](repeating: 0, count: contacts.count)
    for (place, entry) in order.enumerated() { places[Int(entry.number)] = UInt64(place) }
    var sorted: [KeyedNumber] = []
    sorted.reserveCapacity(binKeys.count)
    for (number, key) in binKeys.enumerated() {
      let place = places[Int(key >> 8) - 1]
      sorted.append(KeyedNumber(key: place << 8 | key & 0xff, number: UInt32(number)))
    }
    sorted.sortByKey()
    var starts = [Int](repeating: 0, count: contacts.count + 1)
    for entry in sorted { starts[Int(entry.key >> 8) + 1] += 1 }
    for place in contacts.indices { starts[place + 1] += starts[place] }
    let words = sorted.map { entry in
      LinkHistogram.word(
        bin: UInt8(entry.key & 0xff), count: binCounts[Int(entry.number)])
    }
    return (words, starts)
  }
}
