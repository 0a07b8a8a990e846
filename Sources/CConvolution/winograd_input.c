#include "winograd.h"

#if defined(__x86_64__)

#include <string.h>

// Columns of a tile (its points along z and y at one x) are shared by tiles that lie side by side,
// so each is transformed once and kept, as long as a tile needs it, in a ring.
enum { RING = 8, MOST_COLUMN_POINTS = 36 };
// How far ahead columns are asked for from the caches further out.
enum { PREFETCHED_COLUMNS = 3 };

/// Transforms values along an axis, `step` apart, to the values at the points, in place.
INLINE void values_at_points(int tile, __m512 *d, int step) {
  if (tile == 1) return;
  if (tile == 2) {
    __m512 d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step];
    d[0] = d0 - d2;
    d[step] = d1 + d2;
    d[2 * step] = d2 - d1;
    d[3 * step] = d1 - d3;
    return;
  }
  const __m512 a = _mm512_set1_ps(POINT_A), b = _mm512_set1_ps(POINT_B);
  const __m512 a2 = _mm512_set1_ps(POINT_A * POINT_A), b2 = _mm512_set1_ps(POINT_B * POINT_B);
  const __m512 sum = _mm512_set1_ps(POINT_A * POINT_A + POINT_B * POINT_B);
  const __m512 product = _mm512_set1_ps(POINT_A * POINT_A * POINT_B * POINT_B);
  __m512 d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step];
  __m512 d5 = d[5 * step];
  __m512 even_a = _mm512_fnmadd_ps(b2, d2, d4), odd_a = _mm512_fnmadd_ps(b2, d1, d3);
  __m512 even_b = _mm512_fnmadd_ps(a2, d2, d4), odd_b = _mm512_fnmadd_ps(a2, d1, d3);
  d[0] = _mm512_fmadd_ps(product, d0, _mm512_fnmadd_ps(sum, d2, d4));
  d[step] = _mm512_fmadd_ps(a, odd_a, even_a);
  d[2 * step] = _mm512_fnmadd_ps(a, odd_a, even_a);
  d[3 * step] = _mm512_fmadd_ps(b, odd_b, even_b);
  d[4 * step] = _mm512_fnmadd_ps(b, odd_b, even_b);
  d[5 * step] = _mm512_fmadd_ps(product, d1, _mm512_fnmadd_ps(sum, d3, d5));
}

/// Where the rows under a row of tiles begin, and which of them are in the tensor.
struct rows {
  const float *values;  // at x = 0, of the first row
  int64_t next_z, next_y, next_x;
  uint32_t valid_z, valid_y;  // bits
  __mmask16 lanes;
};

/// Transforms the column at one x along z and y.
INLINE void transform_column(
    int tile_z, int points_z, int tile_y, bool inside, const struct rows *rows, int64_t x,
    float *column) {
  const int points_y = tile_y + 2;
  __m512 d[MOST_COLUMN_POINTS];
  UNROLL for (int z = 0; z < points_z; z++) {
    UNROLL for (int y = 0; y < points_y; y++) {
      // A branch: loads with an empty mask are slow where the address is not in the process.
      if (inside || (rows->valid_z >> z & rows->valid_y >> y & 1)) {
        const float *from = rows->values + z * rows->next_z + y * rows->next_y + x * rows->next_x;
        d[z * points_y + y] = _mm512_maskz_loadu_ps(rows->lanes, from);
        _mm_prefetch((const char *)(from + PREFETCHED_COLUMNS * rows->next_x), _MM_HINT_T0);
      } else {
        d[z * points_y + y] = _mm512_setzero_ps();
      }
    }
  }
  UNROLL for (int y = 0; y < points_y; y++) values_at_points(tile_z, d + y, points_y);
  UNROLL for (int z = 0; z < points_z; z++) values_at_points(tile_y, d + z * points_y, 1);
  UNROLL for (int point = 0; point < points_z * points_y; point++) {
    _mm512_store_ps(column + point * LANES, d[point]);
  }
}

/// Transforms tiles side by side.
INLINE void transform_row(
    int tile_z, int kernel_z, int tile_y, int tile_x, const struct rows *rows, int64_t first,
    int64_t count, int64_t x0, int64_t width, int64_t stride, float *out) {
  const int points_z = tile_z + kernel_z - 1, points_y = tile_y + 2, points_x = tile_x + 2;
  const int column_points = points_z * points_y;
  const bool inside =
      rows->valid_z == (1u << points_z) - 1 && rows->valid_y == (1u << points_y) - 1;
  float ring[RING * MOST_COLUMN_POINTS * LANES] __attribute__((aligned(64)));
  int64_t next = 0;  // column, counted from the first one of the row
  for (int64_t tile = 0; tile < count; tile++) {
    for (; next < tile * tile_x + points_x; next++) {
      float *column = ring + next % RING * column_points * LANES;
      int64_t x = x0 + first * tile_x + next;
      if (x < 0 || x >= width) {
        memset(column, 0, sizeof(float) * LANES * column_points);
      } else if (inside) {
        transform_column(tile_z, points_z, tile_y, true, rows, x, column);
      } else {
        transform_column(tile_z, points_z, tile_y, false, rows, x, column);
      }
    }
    const float *columns[6];
    UNROLL for (int x = 0; x < points_x; x++) {
      columns[x] = ring + (tile * tile_x + x) % RING * column_points * LANES;
    }
    float *to = out + tile * LANES;
    for (int point = 0; point < column_points; point++) {
      __m512 d[6];
      UNROLL for (int x = 0; x < points_x; x++) d[x] = _mm512_load_ps(columns[x] + point * LANES);
      values_at_points(tile_x, d, 1);
      UNROLL for (int x = 0; x < points_x; x++) _mm512_store_ps(to + x * stride, d[x]);
      to += points_x * stride;
    }
  }
}

typedef void (*row_transform)(
    const struct rows *rows, int64_t first, int64_t count, int64_t x0, int64_t width,
    int64_t stride, float *out);

#define ROW_TRANSFORM(Z, KERNEL, Y, X)                                                     \
  AVX512 static void transform_row_##Z##Y##X(                                              \
      const struct rows *rows, int64_t first, int64_t count, int64_t x0, int64_t width,    \
      int64_t stride, float *out) {                                                        \
    transform_row(Z, KERNEL, Y, X, rows, first, count, x0, width, stride, out);            \
  }

ROW_TRANSFORM(1, 1, 2, 2)
ROW_TRANSFORM(1, 1, 2, 4)
ROW_TRANSFORM(1, 1, 4, 4)
ROW_TRANSFORM(2, 3, 2, 2)
ROW_TRANSFORM(2, 3, 2, 4)
ROW_TRANSFORM(2, 3, 4, 4)
ROW_TRANSFORM(4, 3, 4, 4)

static row_transform row_transform_of(const struct cconv_shape *shape) {
  switch (shape->tile_z * 100 + shape->tile_y * 10 + shape->tile_x) {
    case 122: return transform_row_122;
    case 124: return transform_row_124;
    case 144: return transform_row_144;
    case 222: return transform_row_222;
    case 224: return transform_row_224;
    case 244: return transform_row_244;
    default: return transform_row_444;
  }
}

/// The bits of the points from `first` on that lie in an axis of the given length.
static uint32_t valid_points(int64_t first, int32_t points, int64_t length) {
  uint32_t bits = 0;
  for (int32_t point = 0; point < points; point++) {
    if (first + point >= 0 && first + point < length) bits |= 1u << point;
  }
  return bits;
}

void winograd_input(
    const struct cconv_shape *shape, const struct winograd_plan *plan,
    const float *const *inputs, struct tile_range range, float *products_in) {
  row_transform transform = row_transform_of(shape);
  int64_t end = range.first + range.count;
  for (int64_t tile = range.first; tile < end;) {
    int64_t x = tile % plan->tiles_x, row = tile / plan->tiles_x;
    int64_t count = plan->tiles_x - x < end - tile ? plan->tiles_x - x : end - tile;
    int64_t z0 = row / plan->tiles_y * shape->tile_z - shape->pad_z;
    int64_t y0 = row % plan->tiles_y * shape->tile_y - shape->pad_y;
    float *out = products_in + (tile - range.first) * LANES;
    for (int32_t part = 0; part < shape->parts; part++) {
      int64_t channels = shape->part_channels[part];
      struct rows rows = {
          .next_z = shape->height * shape->width * channels,
          .next_y = shape->width * channels,
          .next_x = channels,
          .valid_z = valid_points(z0, plan->points_z, shape->depth),
          .valid_y = valid_points(y0, plan->points_y, shape->height),
      };
      for (int64_t channel = 0; channel < channels; channel += LANES) {
        rows.values = inputs[part] + z0 * rows.next_z + y0 * rows.next_y + channel;
        rows.lanes = lanes_of(channels - channel);
        transform(
            &rows, x, count, -shape->pad_x, shape->width, plan->input_stride, out);
        out += plan->tiles_at_a_time * LANES;
      }
    }
    tile += count;
  }
}

#endif
