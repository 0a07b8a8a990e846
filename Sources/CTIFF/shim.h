#pragma once

#include <stdarg.h>
#include <stdio.h>
#include <tiffio.h>

// What libtiff reported through its handlers since the last reset. Handlers are variadic
// callbacks, which Swift cannot define.
typedef struct {
  char error[400];
  char warning[400];
  int errorCount;
  int warningCount;
} ctiff_messages;

static inline int ctiff_note_error(TIFF *tiff, void *data, const char *module, const char *format,
                                   va_list arguments) {
  ctiff_messages *messages = (ctiff_messages *)data;
  (void)tiff;
  (void)module;
  // The first message of a failure is the specific one.
  if (messages->errorCount++ == 0)
    vsnprintf(messages->error, sizeof messages->error, format, arguments);
  return 1;  // Not passed on to the global handler, which would print.
}

static inline int ctiff_note_warning(TIFF *tiff, void *data, const char *module,
                                     const char *format, va_list arguments) {
  ctiff_messages *messages = (ctiff_messages *)data;
  (void)tiff;
  (void)module;
  if (messages->warningCount++ == 0)
    vsnprintf(messages->warning, sizeof messages->warning, format, arguments);
  return 1;
}

// Opens with handlers and an allocation limit of this file's own: needs the handlers above.
static inline TIFF *ctiff_open(const char *path, const char *mode, tmsize_t largestAllocation,
                               ctiff_messages *messages) {
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  TIFF *tiff;
  if (!options) return NULL;
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, largestAllocation);
  TIFFOpenOptionsSetErrorHandlerExtR(options, ctiff_note_error, messages);
  TIFFOpenOptionsSetWarningHandlerExtR(options, ctiff_note_warning, messages);
  tiff = TIFFOpenExt(path, mode, options);
  TIFFOpenOptionsFree(options);
  return tiff;
}

// Swift cannot call variadic C functions: one function per type a tag has.
static inline int ctiff_get_uint16(TIFF *tiff, uint32_t tag, uint16_t *value) {
  return TIFFGetFieldDefaulted(tiff, tag, value);
}
static inline int ctiff_get_uint32(TIFF *tiff, uint32_t tag, uint32_t *value) {
  return TIFFGetFieldDefaulted(tiff, tag, value);
}
static inline int ctiff_get_float(TIFF *tiff, uint32_t tag, float *value) {
  return TIFFGetField(tiff, tag, value);
}
static inline int ctiff_get_text(TIFF *tiff, uint32_t tag, const char **value) {
  return TIFFGetField(tiff, tag, value);
}
static inline int ctiff_get_offsets(TIFF *tiff, uint32_t tag, uint16_t *count,
                                    const uint64_t **offsets) {
  return TIFFGetField(tiff, tag, count, offsets);
}
