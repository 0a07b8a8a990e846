#include "amx.h"

#include <string.h>

// The public functions: what the processor can do, checks, sizes and the packing of weights.

#if defined(__x86_64__) && defined(__linux__)

#include <cpuid.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool ask_processor_and_system(void) {
  const uint32_t amx_bf16 = 1u << 22, amx_tile = 1u << 24, avx512_bf16 = 1u << 5;
  uint32_t a, b, c, d;
  // cconv_features() found that the system saves states at all.
  if (!(cconv_features() & CCONV_AVX512)) return false;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  if ((d & (amx_bf16 | amx_tile)) != (amx_bf16 | amx_tile)) return false;
  if (!__get_cpuid_count(7, 1, &a, &b, &c, &d) || !(a & avx512_bf16)) return false;
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  const uint32_t tile_state = 1u << 17 | 1u << 18;
  if ((low & tile_state) != tile_state) return false;
  // ARCH_REQ_XCOMP_PERM for XFEATURE_XTILEDATA: Linux saves tiles of those only who ask for it.
  return syscall(SYS_arch_prctl, 0x1023, 18) == 0;
}

bool cconv_amx_is_available(void) {
  // 0 not known yet; asking twice, by two threads, does no harm.
  static _Atomic int answer;
  int known = atomic_load_explicit(&answer, memory_order_relaxed);
  if (known == 0) {
    known = ask_processor_and_system() ? 1 : 2;
    atomic_store_explicit(&answer, known, memory_order_relaxed);
  }
  return known == 1;
}

#else

bool cconv_amx_is_available(void) { return false; }

#endif

static bool is_length(int64_t voxels) { return voxels >= 1 && voxels <= 1 << 20; }

static bool is_padding(int32_t zeros) { return zeros >= 0 && zeros <= 2; }

bool cconv_amx_supports(const struct cconv_shape *shape, int32_t splits) {
  if (shape->kernel_z != 1 && shape->kernel_z != 3) return false;
  if (!is_padding(shape->pad_z) || !is_padding(shape->pad_y) || !is_padding(shape->pad_x)) {
    return false;
  }
  if (splits < 1 || splits > 3) return false;
  if (shape->parts < 1 || shape->parts > CCONV_MAX_PARTS) return false;
  int64_t channels = 0;
  for (int32_t part = 0; part < shape->parts; part++) {
    if (!is_length(shape->part_channels[part])) return false;
    channels += shape->part_channels[part];
  }
  return is_length(channels) && is_length(shape->output_channels) && is_length(shape->depth) &&
         is_length(shape->height) && is_length(shape->width) && is_length(shape->output_depth) &&
         is_length(shape->output_height) && is_length(shape->output_width);
}

/// The length of blocks of nearly the same length, none above the most.
static int64_t even_block(int64_t length, int64_t most) {
  return amx_blocks(length, amx_blocks(length, most));
}

struct amx_plan amx_plan_of(const struct cconv_shape *shape, int32_t splits) {
  struct amx_plan plan = {.splits = splits, .rows = shape->kernel_z * 3};
  for (int32_t part = 0; part < shape->parts; part++) plan.channels += shape->part_channels[part];
  plan.voxel = (plan.channels + 1) / 2 * 2;
  plan.steps = (3 * plan.voxel + AMX_STEP - 1) / AMX_STEP;
  // A packed block stays in a core's own cache while all its products are computed.
  const int64_t most_bytes = 768 << 10;
  int64_t most_x = 128, most_y = 16, most_z = shape->kernel_z == 1 ? 1 : 4;
  for (;;) {
    plan.block_x = even_block(shape->output_width, most_x);
    plan.block_y = even_block(shape->output_height, most_y);
    plan.block_z = even_block(shape->output_depth, most_z);
    int64_t pitch_z = (plan.block_x + 2) * (plan.block_y + 2);
    int64_t voxels = pitch_z * (plan.block_z + shape->kernel_z - 1);
    int64_t numbers = (voxels + AMX_BEHIND_VOXELS) * plan.voxel + AMX_STEP;
    plan.split_numbers = (numbers + AMX_STEP - 1) / AMX_STEP * AMX_STEP;
    if (2 * splits * plan.split_numbers <= most_bytes) return plan;
    if (most_y > 8) most_y /= 2;
    else if (most_x > 32) most_x /= 2;
    else if (most_z > 1) most_z /= 2;
    else if (most_y > 1) most_y /= 2;
    else return plan;
  }
}

int64_t cconv_amx_packed_bytes(const struct cconv_shape *shape, int32_t splits) {
  struct amx_plan plan = amx_plan_of(shape, splits);
  int64_t output_tiles = (shape->output_channels + AMX_ROWS - 1) / AMX_ROWS;
  return 2 * output_tiles * plan.rows * plan.steps * splits * AMX_TILE;
}

int64_t cconv_amx_scratch_bytes(const struct cconv_shape *shape, int32_t splits) {
  return 2 * splits * amx_plan_of(shape, splits).split_numbers;
}

void cconv_amx_pack_weights(
    const struct cconv_shape *shape, int32_t splits, const float *kernels, void *packed) {
  struct amx_plan plan = amx_plan_of(shape, splits);
  memset(packed, 0, (size_t)cconv_amx_packed_bytes(shape, splits));
  for (int64_t output = 0; output < shape->output_channels; output++) {
    int64_t first = output / AMX_GROUP * AMX_GROUP;
    int64_t tiles = shape->output_channels - first > AMX_ROWS ? 2 : 1;
    int64_t step_numbers = splits * tiles * AMX_TILE;
    uint16_t *group =
        (uint16_t *)packed + first / AMX_ROWS * plan.rows * plan.steps * splits * AMX_TILE;
    int64_t tile = (output - first) / AMX_ROWS, column = output % AMX_ROWS;
    for (int64_t input = 0; input < plan.channels; input++) {
      for (int64_t tap = 0; tap < plan.rows * 3; tap++) {
        float weight = kernels[(output * plan.channels + input) * plan.rows * 3 + tap];
        int64_t number = tap % 3 * plan.voxel + input;
        uint16_t *to = group + (tap / 3 * plan.steps + number / AMX_STEP) * step_numbers +
                       tile * AMX_TILE + number % AMX_STEP / 2 * AMX_STEP + column * 2 + number % 2;
        for (int32_t split = 0; split < splits; split++, to += tiles * AMX_TILE) {
          *to = amx_round(weight);
          weight -= amx_widen(*to);
        }
      }
    }
  }
}

void cconv_amx_run(
    const struct cconv_shape *shape, int32_t splits, const struct cconv_amx_arguments *arguments,
    enum cconv_amx_engine engine) {
#if defined(__x86_64__)
  if (engine == CCONV_AMX_TILES) {
    amx_run_tiles(shape, splits, arguments);
    return;
  }
#endif
  amx_run_software(shape, splits, arguments);
}
