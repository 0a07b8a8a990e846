/// The committed `volumes` folder, found from this file's own place.
public let volumesFolder: String = {
  let parts = "\(#filePath)".split(separator: "/", omittingEmptySubsequences: false)
  return parts.dropLast(3).joined(separator: "/") + "/volumes"
}()
