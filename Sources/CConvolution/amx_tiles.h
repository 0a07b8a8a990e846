#pragma once

#include "amx.h"

// The tile operations that the kernels are written in, for the processor or in portable code. Eight
// tiles of 16 rows of 64 bytes, named by constants from 0 to 7.

#if AMX_PORTABLE

#include <float.h>
#include <math.h>
#include <string.h>

#define AMX_TARGET

struct amx_tiles {
  union {
    float floats[AMX_ROWS][16];
    uint16_t brains[AMX_ROWS][AMX_STEP];
  } tile[8];
};

/// A number as tile arithmetic sees it: one too small for the normal format is zero.
static inline float amx_normal(float number) {
  return fabsf(number) < FLT_MIN ? copysignf(0, number) : number;
}

/// TDPBF16PS, as the manual writes it: even and odd products are summed up apart, then together.
static void amx_software_multiply(struct amx_tiles *tiles, int target, int left, int right) {
  float factors[AMX_ROWS][AMX_STEP];
  for (int pair = 0; pair < AMX_ROWS; pair++) {
    for (int i = 0; i < AMX_STEP; i++) {
      factors[pair][i] = amx_normal(amx_widen(tiles->tile[right].brains[pair][i]));
    }
  }
  for (int row = 0; row < AMX_ROWS; row++) {
    float even[16] = {0}, odd[16] = {0};
    for (int pair = 0; pair < AMX_ROWS; pair++) {
      const uint16_t *from = &tiles->tile[left].brains[row][2 * pair];
      float first = amx_normal(amx_widen(from[0])), second = amx_normal(amx_widen(from[1]));
      for (int column = 0; column < 16; column++) {
        const float *factor = &factors[pair][2 * column];
        even[column] = amx_normal(fmaf(first, factor[0], even[column]));
        odd[column] = amx_normal(fmaf(second, factor[1], odd[column]));
      }
    }
    for (int column = 0; column < 16; column++) {
      float *sum = &tiles->tile[target].floats[row][column];
      *sum = amx_normal(amx_normal(*sum) + amx_normal(even[column] + odd[column]));
    }
  }
}

static void amx_software_load(
    struct amx_tiles *tiles, int tile, const void *address, int64_t stride) {
  for (int row = 0; row < AMX_ROWS; row++) {
    memcpy(tiles->tile[tile].brains[row], (const char *)address + row * stride, 64);
  }
}

static void amx_software_store(
    const struct amx_tiles *tiles, int tile, void *address, int64_t stride) {
  for (int row = 0; row < AMX_ROWS; row++) {
    memcpy((char *)address + row * stride, tiles->tile[tile].floats[row], 64);
  }
}

#define TILES struct amx_tiles tiles[1]
#define TILES_OPEN() memset(tiles, 0, sizeof tiles)
#define TILES_CLOSE()
#define TILE_ZERO(t) memset(&tiles->tile[t], 0, sizeof tiles->tile[t])
#define TILE_LOAD(t, address, stride) amx_software_load(tiles, t, address, stride)
#define TILE_STORE(t, address, stride) amx_software_store(tiles, t, address, stride)
#define TILE_MULTIPLY(c, a, b) amx_software_multiply(tiles, c, a, b)

#else

#include <immintrin.h>

#define AMX_TARGET                                                                     \
  __attribute__((target(                                                               \
      "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,amx-tile,amx-bf16")))

struct amx_tiles {
  char none;
};

/// The shape of the tiles, as LDTILECFG reads it.
struct amx_configuration {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
};

AMX_TARGET static inline void amx_open_tiles(void) {
  struct amx_configuration configuration = {.palette = 1};
  for (int tile = 0; tile < 8; tile++) {
    configuration.row_bytes[tile] = 64;
    configuration.rows[tile] = AMX_ROWS;
  }
  _tile_loadconfig(&configuration);
}

#define TILES struct amx_tiles tiles[1]
#define TILES_OPEN() amx_open_tiles()
#define TILES_CLOSE() _tile_release()
#define TILE_ZERO(t) _tile_zero(t)
#define TILE_LOAD(t, address, stride) _tile_loadd(t, address, (size_t)(stride))
#define TILE_STORE(t, address, stride) _tile_stored(t, address, (size_t)(stride))
#define TILE_MULTIPLY(c, a, b) _tile_dpbf16ps(c, a, b)

#endif
