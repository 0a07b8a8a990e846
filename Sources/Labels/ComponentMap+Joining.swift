extension ComponentMap {
  /// The map after components were joined further, and those dropped that a filter does not keep.
  ///
  /// - Parameters:
  ///   - numbers: The new number of every component, by its number, dense from 1 in the order of
  ///     the smallest members; 0 stays 0.
  ///   - filter: Which of the joined components are kept, by what they are themselves.
  ///   - pages: Where the numbers of the blocks' components go.
  /// - Returns: The map of what is left.
  /// - Throws: What either map's pages throw.
  /// - Complexity: O(*n*) time in the components of the region and of the blocks; 24 bytes of memory
  ///   for each component of the region.
  public func joined(
    by numbers: [UInt32], keeping filter: ComponentFilter, in pages: any NumberPages
  ) throws -> ComponentMap {
    precondition(dropped.count == 0, "what was dropped cannot be joined")
    precondition(
      filter.largestCount == nil, "the largest are told apart where blocks are joined by seams")
    precondition(numbers.count == kept.count + 1, "every component has a new number")
    var sums: [JoinedComponent] = []
    for (index, component) in try components().enumerated() {
      let place = Int(numbers[index + 1]) - 1
      if place == sums.count {
        sums.append(component)
      } else {
        sums[place] = JoinedComponent(
          firstIndex: sums[place].firstIndex,
          voxelCount: sums[place].voxelCount + component.voxelCount,
          touchesBorder: sums[place].touchesBorder || component.touchesBorder)
      }
    }
    var (kept, dropped) = (Totals(), Totals())
    var final = [UInt64](repeating: 0, count: sums.count + 1)
    var descriptions: [UInt64] = []
    for (index, component) in sums.enumerated() {
      guard filter.passes(component) else {
        dropped.add(component.voxelCount)
        continue
      }
      kept.add(component.voxelCount)
      final[index + 1] = UInt64(kept.count)
      descriptions.append(UInt64(component.voxelCount) << 1 | (component.touchesBorder ? 1 : 0))
      descriptions.append(UInt64(component.firstIndex))
    }
    let map = ComponentMap(kept: kept, dropped: dropped, offsets: offsets, pages: pages)
    try map.store(descriptions[...], from: map.firstDescriptionPage)
    var waiting: [UInt64] = []
    var page = map.firstPage
    for block in 0..<blockCount {
      waiting += try table(ofBlock: block).dropFirst().map { final[Int(numbers[Int($0)])] }
      let whole = waiting.count / PagedNumbers.pageLength * PagedNumbers.pageLength
      try map.store(waiting[..<whole], from: page)
      page += whole / PagedNumbers.pageLength
      waiting.removeFirst(whole)
    }
    try map.store(waiting[...], from: page)
    return map
  }

  /// Stores numbers in pages, one after the other.
  private func store(_ numbers: ArraySlice<UInt64>, from firstPage: Int) throws {
    for (number, start) in stride(
      from: 0, to: numbers.count, by: PagedNumbers.pageLength
    ).enumerated() {
      let page = numbers.dropFirst(start).prefix(PagedNumbers.pageLength)
      try pages.store(Array(page), at: firstPage + number)
    }
  }
}
