/// On which side of the brain a region lies.
public enum Hemisphere: String, Hashable, Sendable, CaseIterable {
  /// The left one.
  case left
  /// The right one.
  case right
  /// Neither, or not known.
  case midline
}

extension ConnectomeNode {
  /// The region's side and its name without it, by the ways in which atlases write sides.
  ///
  /// Known are `ctx-lh-cuneus`, `ctx_rh_G_cuneus`, `lh.cuneus`, `lh_cuneus`, `Left-Putamen`,
  /// `left putamen`, `L_V1_ROI`, `L.AMYG`, `Precentral_L`, `V1_lh`, `7Networks_LH_Vis_1` and the
  /// same for the right.
  public var sided: (hemisphere: Hemisphere, name: String) {
    let marks: [(Hemisphere, [String])] = [
      (.left, ["lh", "left", "l"]), (.right, ["rh", "right", "r"]),
    ]
    var parts: [Substring] = []
    var dividers: [Character] = []
    var start = name.startIndex
    for place in name.indices where "-_. ".contains(name[place]) {
      parts.append(name[start..<place])
      dividers.append(name[place])
      start = name.index(after: place)
    }
    parts.append(name[start...])
    guard parts.count > 1 else { return (.midline, name) }
    func side(_ place: Int) -> Hemisphere? {
      let part = parts[place].lowercased()
      return marks.first { $0.1.contains(part) }?.0
    }
    // The first part, the last, or the second after a short prefix.
    let isPrefixed = parts[0] == "ctx" || parts[0] == "wm" || parts[0].hasSuffix("Networks")
    for place in (isPrefixed ? [1] : []) + [0, parts.count - 1] {
      guard let hemisphere = side(place) else { continue }
      let isLast = place == parts.count - 1 && place > 0
      let kept = isLast ? 0..<place : place + 1..<parts.count
      var text = ""
      for part in kept {
        if part > kept.lowerBound { text.append(dividers[part - 1]) }
        text += parts[part]
      }
      return (hemisphere, text.isEmpty ? name : text)
    }
    return (.midline, name)
  }
}
