import CChafa
import Glibc

// All unsafe code of calling chafa. Each use states why it is sound.

/// How a terminal shows pictures.
public enum PictureForm: String, Hashable, Sendable, CaseIterable {
  /// Pixels, in the sixel form of DEC's terminals.
  case sixels
  /// Pixels, in the form of kitty.
  case kitty
  /// Coloured blocks of half and quarter cells.
  case symbols
}

/// Turns pictures into what a terminal must be sent, by chafa.
public final class PictureEncoder {
  /// How pictures are shown.
  public let form: PictureForm
  /// In how many colours.
  public let depth: ColourDepth
  private let terminal: OpaquePointer

  /// Creates an encoder for the terminal that an environment tells of.
  ///
  /// - Parameters:
  ///   - environment: `TERM` and its like. `NO_COLOR`, when set and not empty, takes colours away.
  ///   - form: how pictures are shown; nil takes the best that the terminal is known for.
  public init(environment: [String: String], form: PictureForm? = nil) {
    // Sound: the texts and the list that ends in nil outlive the call, which keeps neither.
    var texts: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") }
    texts.append(nil)
    let database = chafa_term_db_get_default()
    let detected = chafa_term_db_detect(database, &texts)
    for text in texts { free(text) }
    let fallback = chafa_term_db_get_fallback_info(database)
    // Sound: chafa gives new handles, never nil, each released once: this one in deinit.
    guard let detected, let fallback else { preconditionFailure("chafa knows every terminal") }
    terminal = detected
    func knows(_ sequence: ChafaTermSeq) -> Bool {
      // Sound: the handle is open.
      chafa_term_info_have_seq(detected, sequence) != 0
    }
    let best: PictureForm =
      knows(CHAFA_TERM_SEQ_BEGIN_KITTY_IMMEDIATE_IMAGE_V1)
      ? .kitty : knows(CHAFA_TERM_SEQ_BEGIN_SIXELS) ? .sixels : .symbols
    let isColourless = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
    depth =
      isColourless
      ? .none
      : knows(CHAFA_TERM_SEQ_SET_COLOR_FGBG_DIRECT)
        ? .full
        : knows(CHAFA_TERM_SEQ_SET_COLOR_FGBG_256)
          ? .indexed : knows(CHAFA_TERM_SEQ_SET_COLOR_FGBG_16) ? .sixteen : .none
    // Without colours, pixels would be the only thing in colour.
    self.form = form ?? (isColourless ? .symbols : best)
    // Sound: both handles are open; the sequences are copied.
    chafa_term_info_supplement(terminal, fallback)
    chafa_term_info_unref(fallback)
  }

  deinit {
    // Sound: nothing else holds the handle.
    chafa_term_info_unref(terminal)
  }

  /// How many pixels of a picture are worth having for each cell, across and down.
  ///
  /// - Parameter cell: the pixels that the terminal shows in a cell.
  /// - Returns: the pixels that a picture should have.
  public func pixels(ofCell cell: (width: Int, height: Int)) -> (width: Int, height: Int) {
    form == .symbols ? (4, 8) : cell
  }

  /// What removes pictures that text would not overwrite.
  var removal: [UInt8] { form == .kitty ? Array("\u{1B}_Ga=d,q=2\u{1B}\\".utf8) : [] }

  /// What shows a picture at its place.
  func bytes(for placed: ScreenFrame.Placed, cell: (width: Int, height: Int)) -> [UInt8] {
    let area = placed.area
    guard area.rows > 0, area.columns > 0 else { return [] }
    let printed = encoded(placed.picture, area, cell: cell)
    // Symbols come in lines, each of which goes to its own place.
    let lines = form == .symbols ? printed.split(separator: UInt8(ascii: "\n")) : [printed[...]]
    var bytes: [UInt8] = []
    for (index, line) in lines.enumerated() {
      bytes += Array("\u{1B}[\(area.row + index + 1);\(area.column + 1)H".utf8)
      bytes += line
    }
    return bytes
  }

  private var pixelMode: ChafaPixelMode {
    switch form {
    case .sixels: CHAFA_PIXEL_MODE_SIXELS
    case .kitty: CHAFA_PIXEL_MODE_KITTY
    case .symbols: CHAFA_PIXEL_MODE_SYMBOLS
    }
  }

  private var canvasMode: ChafaCanvasMode {
    switch (form, depth) {
    case (_, .none): CHAFA_CANVAS_MODE_FGBG
    case (.symbols, .sixteen): CHAFA_CANVAS_MODE_INDEXED_16
    case (.symbols, .indexed): CHAFA_CANVAS_MODE_INDEXED_240
    default: CHAFA_CANVAS_MODE_TRUECOLOR
    }
  }

  private func encoded(
    _ picture: ScreenPicture, _ area: ScreenArea, cell: (width: Int, height: Int)
  ) -> [UInt8] {
    // Sound: every handle made here is released here, the canvas and the map keep what they need of
    // the others; chafa reads exactly height × rowstride bytes, which is the picture's size.
    let configuration = chafa_canvas_config_new()
    defer { chafa_canvas_config_unref(configuration) }
    chafa_canvas_config_set_geometry(configuration, Int32(area.columns), Int32(area.rows))
    chafa_canvas_config_set_cell_geometry(
      configuration, Int32(cell.width), Int32(cell.height))
    chafa_canvas_config_set_pixel_mode(configuration, pixelMode)
    chafa_canvas_config_set_canvas_mode(configuration, canvasMode)
    chafa_canvas_config_set_work_factor(configuration, 0.2)
    let symbols = chafa_symbol_map_new()
    defer { chafa_symbol_map_unref(symbols) }
    let tags = [
      CHAFA_SYMBOL_TAG_SPACE, CHAFA_SYMBOL_TAG_SOLID, CHAFA_SYMBOL_TAG_HALF,
      CHAFA_SYMBOL_TAG_QUAD,
    ]
    for tag in tags { chafa_symbol_map_add_by_tags(symbols, tag) }
    chafa_canvas_config_set_symbol_map(configuration, symbols)
    let canvas = chafa_canvas_new(configuration)
    defer { chafa_canvas_unref(canvas) }
    picture.bytes.withUnsafeBufferPointer {
      chafa_canvas_draw_all_pixels(
        canvas, CHAFA_PIXEL_RGB8, $0.baseAddress, Int32(picture.width), Int32(picture.height),
        Int32(3 * picture.width))
    }
    guard let text = chafa_canvas_print(canvas, terminal) else { return [] }
    defer { g_string_free(text, 1) }
    // Sound: a GString holds `len` bytes at `str`, copied before it is freed.
    return Array(UnsafeRawBufferPointer(start: text.pointee.str, count: Int(text.pointee.len)))
  }
}
