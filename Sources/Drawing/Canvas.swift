import CCairo

// All unsafe code of drawing: calls of cairo. The context and surface live until deinit; a text or
// dash pattern handed to cairo is copied before the call returns.

/// Where lines and texts are drawn, in points from the upper left corner.
struct Canvas: ~Copyable {
  private let surface: OpaquePointer
  private let context: OpaquePointer
  private let format: PictureFormat
  /// What an SVG surface has written so far.
  private let sink: Sink

  /// Bytes that cairo hands over piece by piece.
  private final class Sink {
    var bytes: [UInt8] = []
  }

  /// How a text lies at its place.
  enum Anchor: Double {
    case start = 0
    case middle = 0.5
    case end = 1
  }

  /// Creates a white canvas.
  ///
  /// - Parameters:
  ///   - width: In points, above 0.
  ///   - height: In points, above 0.
  ///   - format: What it becomes; a PNG has two pixels to the point.
  /// - Throws: ``DrawingError`` where there is no memory for it.
  init(width: Double, height: Double, format: PictureFormat) throws(DrawingError) {
    self.format = format
    let sink = Sink()
    self.sink = sink
    let created: OpaquePointer? =
      switch format {
      case .svg:
        // Sound: the surface calls back only until it is finished, which bytes() and deinit see
        // to while the sink is alive.
        cairo_svg_surface_create_for_stream(
          Self.append, Unmanaged.passUnretained(sink).toOpaque(), width, height)
      case .png:
        cairo_image_surface_create(
          CAIRO_FORMAT_RGB24, Int32((width * 2).rounded()), Int32((height * 2).rounded()))
      case .pdf:
        // Sound: as for SVG.
        cairo_pdf_surface_create_for_stream(
          Self.append, Unmanaged.passUnretained(sink).toOpaque(), width, height)
      }
    guard let created, cairo_surface_status(created) == CAIRO_STATUS_SUCCESS,
      let context = cairo_create(created)
    else { throw DrawingError("the picture cannot be drawn: too little memory") }
    surface = created
    self.context = context
    // The same bytes for the same picture, whenever it is drawn.
    if format == .pdf {
      cairo_pdf_surface_set_metadata(
        created, CAIRO_PDF_METADATA_CREATE_DATE, "2000-01-01T00:00:00Z")
    }
    if format == .png { cairo_scale(context, 2, 2) }
    // The same picture on every screen and with every setting of the desktop.
    let options = cairo_font_options_create()
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
    cairo_set_font_options(context, options)
    cairo_font_options_destroy(options)
    cairo_select_font_face(
      context, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL)
    cairo_set_source_rgb(context, 1, 1, 1)
    cairo_paint(context)
  }

  deinit {
    cairo_destroy(context)
    cairo_surface_finish(surface)
    cairo_surface_destroy(surface)
  }

  /// Takes over what cairo has written.
  private static let append: cairo_write_func_t = { sink, data, count in
    guard let sink, let data else { return CAIRO_STATUS_WRITE_ERROR }
    // Sound: `sink` is the object handed over with this function, `data` holds `count` bytes.
    Unmanaged<Sink>.fromOpaque(sink).takeUnretainedValue().bytes
      .append(contentsOf: UnsafeBufferPointer(start: data, count: Int(count)))
    return CAIRO_STATUS_SUCCESS
  }

  /// The picture as a file.
  ///
  /// - Throws: ``DrawingError`` where cairo failed.
  consuming func bytes() throws(DrawingError) -> [UInt8] {
    cairo_surface_flush(surface)
    var status = cairo_status(context)
    if status == CAIRO_STATUS_SUCCESS {
      switch format {
      case .svg, .pdf:
        cairo_surface_finish(surface)
        status = cairo_surface_status(surface)
      case .png:
        // Sound: the sink outlives the call.
        status = cairo_surface_write_to_png_stream(
          surface, Self.append, Unmanaged.passUnretained(sink).toOpaque())
      }
    }
    guard status == CAIRO_STATUS_SUCCESS else {
      let reason = String(cString: cairo_status_to_string(status))
      throw DrawingError("the picture cannot be drawn: \(reason)")
    }
    return format == .svg ? Self.withoutCount(sink.bytes) : sink.bytes
  }

  /// An SVG file without the number that cairo gives a surface: how many the process had before.
  private static func withoutCount(_ bytes: [UInt8]) -> [UInt8] {
    let name = #"id="surface"#
    let parts = String(decoding: bytes, as: UTF8.self).split(
      separator: name, omittingEmptySubsequences: false)
    let rest = parts.dropFirst().map { $0.drop { $0.isWholeNumber } }
    return Array(([parts[0]] + rest).joined(separator: name).utf8)
  }

  /// Draws lines from point to point.
  func polyline(
    _ points: [(x: Double, y: Double)], colour: Colour, width: Double, dash: [Double] = []
  ) {
    guard let first = points.first else { return }
    set(colour)
    cairo_set_line_width(context, width)
    cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
    cairo_set_dash(context, dash, Int32(dash.count), 0)
    cairo_move_to(context, first.x, first.y)
    if points.count == 1 { cairo_line_to(context, first.x, first.y) }
    for point in points.dropFirst() { cairo_line_to(context, point.x, point.y) }
    cairo_set_line_cap(context, points.count == 1 ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT)
    cairo_stroke(context)
  }

  /// Fills a disc.
  func disc(at place: (x: Double, y: Double), radius: Double, colour: Colour) {
    set(colour)
    cairo_new_sub_path(context)
    cairo_arc(context, place.x, place.y, radius, 0, 2 * .pi)
    cairo_fill(context)
  }

  /// Fills a rectangle.
  func rectangle(x: Double, y: Double, width: Double, height: Double, colour: Colour) {
    set(colour)
    cairo_rectangle(context, x, y, width, height)
    cairo_fill(context)
  }

  /// Draws grey values, row by row from the top, into a rectangle.
  ///
  /// - Precondition: There are whole rows.
  func image(
    _ grey: [UInt8], columns: Int, x: Double, y: Double, width: Double, height: Double
  ) {
    precondition(columns > 0 && grey.count % columns == 0, "an image has whole rows")
    let rows = grey.count / columns
    guard let picture = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(columns), Int32(rows))
    else { return }
    defer { cairo_surface_destroy(picture) }
    guard cairo_surface_status(picture) == CAIRO_STATUS_SUCCESS,
      let data = cairo_image_surface_get_data(picture)
    else { return }
    cairo_surface_flush(picture)
    let stride = Int(cairo_image_surface_get_stride(picture))
    // Sound: the surface has so many rows of so many bytes, and lives until the end of this method.
    let bytes = UnsafeMutableBufferPointer(start: data, count: rows * stride)
    for row in 0..<rows {
      for column in 0..<columns {
        for part in 0..<3 { bytes[row * stride + 4 * column + part] = grey[row * columns + column] }
      }
    }
    cairo_surface_mark_dirty(picture)
    cairo_save(context)
    cairo_rectangle(context, x, y, width, height)
    cairo_clip(context)
    cairo_translate(context, x, y)
    cairo_scale(context, width / Double(columns), height / Double(rows))
    cairo_set_source_surface(context, picture, 0, 0)
    cairo_pattern_set_extend(cairo_get_source(context), CAIRO_EXTEND_PAD)
    cairo_paint(context)
    cairo_restore(context)
  }

  /// Fills the ring between two radii and two angles, clockwise from the right.
  func ring(
    around centre: (x: Double, y: Double), radii: ClosedRange<Double>, angles: ClosedRange<Double>,
    colour: Colour
  ) {
    set(colour)
    cairo_new_path(context)
    cairo_arc(
      context, centre.x, centre.y, radii.upperBound, angles.lowerBound, angles.upperBound)
    cairo_arc_negative(
      context, centre.x, centre.y, radii.lowerBound, angles.upperBound, angles.lowerBound)
    cairo_close_path(context)
    cairo_fill(context)
  }

  /// Draws a curve that leaves its ends towards two places (a cubic Bézier curve).
  func curve(
    from start: (x: Double, y: Double), towards first: (x: Double, y: Double),
    _ second: (x: Double, y: Double), to end: (x: Double, y: Double), colour: Colour, width: Double
  ) {
    set(colour)
    cairo_set_line_width(context, width)
    cairo_set_line_cap(context, CAIRO_LINE_CAP_ROUND)
    cairo_set_dash(context, nil, 0, 0)
    cairo_move_to(context, start.x, start.y)
    cairo_curve_to(context, first.x, first.y, second.x, second.y, end.x, end.y)
    cairo_stroke(context)
  }

  /// Draws only within a rectangle while a body draws.
  func clipped(
    x: Double, y: Double, width: Double, height: Double, _ body: () -> Void
  ) {
    cairo_save(context)
    cairo_rectangle(context, x, y, width, height)
    cairo_clip(context)
    body()
    cairo_restore(context)
  }

  /// Writes a text with its baseline at a place; turned, it runs upwards.
  func text(
    _ text: String, at place: (x: Double, y: Double), size: Double, colour: Colour = .ink,
    anchor: Anchor = .start, isTurned: Bool = false, isBold: Bool = false
  ) {
    self.text(
      text, at: place, angle: isTurned ? -.pi / 2 : 0, size: size, colour: colour, anchor: anchor,
      isBold: isBold)
  }

  /// Writes a text whose baseline runs at an angle, clockwise from the right.
  func text(
    _ text: String, at place: (x: Double, y: Double), angle: Double, size: Double,
    colour: Colour = .ink, anchor: Anchor = .start, isBold: Bool = false
  ) {
    cairo_save(context)
    set(colour)
    setFont(size: size, isBold: isBold)
    cairo_translate(context, place.x, place.y)
    if angle != 0 { cairo_rotate(context, angle) }
    cairo_move_to(context, -width(ofCurrent: text) * anchor.rawValue, 0)
    cairo_show_text(context, text)
    cairo_restore(context)
  }

  /// How wide a text is.
  func width(of text: String, size: Double) -> Double {
    setFont(size: size, isBold: false)
    return width(ofCurrent: text)
  }

  private func width(ofCurrent text: String) -> Double {
    var extents = cairo_text_extents_t()
    cairo_text_extents(context, text, &extents)
    return extents.x_advance
  }

  private func setFont(size: Double, isBold: Bool) {
    cairo_select_font_face(
      context, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
      isBold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL)
    cairo_set_font_size(context, size)
  }

  private func set(_ colour: Colour) {
    cairo_set_source_rgba(context, colour.red, colour.green, colour.blue, colour.opacity)
  }
}
