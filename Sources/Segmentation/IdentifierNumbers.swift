/// The places of ids in an ascending list of them.
///
/// Ids that lie close together, as those of a block's fragments do, are found in an array; others in
/// a table.
struct IdentifierNumbers {
  private static var none: UInt32 { .max }

  private let first: UInt64
  private var places: [UInt32] = []
  private var table = IndexTable()

  /// Numbers ascending ids, none of which is 0.
  init(of ids: [UInt64]) {
    first = ids.first ?? 0
    let span = (ids.last ?? 0) - first
    guard span < UInt64(16 * ids.count + 1024) else {
      table = IndexTable(capacity: ids.count)
      for id in ids { _ = table.number(of: id) }
      return
    }
    places = Array(repeating: Self.none, count: Int(span) + 1)
    for (place, id) in ids.enumerated() { places[Int(id - first)] = UInt32(place) }
  }

  /// An id's place; nil where it is not in the list.
  func number(of id: UInt64) -> UInt32? {
    guard !places.isEmpty else { return table.value(of: id) }
    guard id >= first, id - first < UInt64(places.count) else { return nil }
    let place = places[Int(id - first)]
    return place == Self.none ? nil : place
  }
}
