#include "winograd.h"

#if defined(__x86_64__)

#include "parallel.h"

// V and M of the tiles worked on at a time take about this much of the second-level cache.
enum { CACHE_FLOATS = 96 * 1024 };

static int64_t divide_up(int64_t value, int64_t by) { return (value + by - 1) / by; }

struct winograd_plan winograd_plan_of(const struct cconv_shape *shape) {
  struct winograd_plan plan = {
      .points_z = shape->tile_z + shape->kernel_z - 1,
      .points_y = shape->tile_y + 2,
      .points_x = shape->tile_x + 2,
  };
  plan.tiles_z = divide_up(shape->output_depth, shape->tile_z);
  plan.tiles_y = divide_up(shape->output_height, shape->tile_y);
  plan.tiles_x = divide_up(shape->output_width, shape->tile_x);
  plan.tiles = plan.tiles_z * plan.tiles_y * plan.tiles_x;
  plan.points = plan.points_z * plan.points_y * plan.points_x;
  for (int32_t part = 0; part < shape->parts; part++) {
    plan.input_blocks += (int32_t)divide_up(shape->part_channels[part], LANES);
    plan.input_channels += shape->part_channels[part];
  }
  plan.output_blocks = (int32_t)divide_up(shape->output_channels, LANES);
  int64_t floats_of_tile =
      (int64_t)plan.points * LANES * (plan.input_blocks + plan.output_blocks);
  // The least number of tiles that fills the register blocks of the multiplication.
  int64_t multiple = 24;
  if (plan.output_blocks % 2 == 0) multiple = 12;
  if (plan.output_blocks == 3) multiple = 8;
  int64_t multiples = CACHE_FLOATS / (floats_of_tile * multiple);
  int64_t enough = divide_up(plan.tiles, 8 * multiple);
  if (multiples > enough) multiples = enough;
  plan.tiles_at_a_time = multiple * (multiples < 1 ? 1 : multiples);
  // An odd number of cache lines, so that the points do not compete for the same places in caches.
  plan.input_stride = (plan.input_blocks * plan.tiles_at_a_time + 1) * LANES;
  plan.output_stride = (plan.output_blocks * plan.tiles_at_a_time + 1) * LANES;
  plan.weight_stride = (plan.input_channels * plan.output_blocks + 1) * LANES;
  plan.gradient_stride = (plan.input_blocks * LANES * plan.output_blocks + 1) * LANES;
  return plan;
}

static bool tiles_supported(const struct cconv_shape *shape) {
  int32_t tile = shape->tile_z * 100 + shape->tile_y * 10 + shape->tile_x;
  if (shape->kernel_z == 1) return tile == 122 || tile == 124 || tile == 144;
  return tile == 222 || tile == 224 || tile == 244 || tile == 444;
}

static bool axis_supported(int64_t input, int64_t output, int32_t zeros, int32_t taps) {
  const int64_t most = (int64_t)1 << 40;
  return input > 0 && output > 0 && input < most && output < most && zeros >= 0 && zeros < taps;
}

bool cconv_supports(const struct cconv_shape *shape) {
  if (shape->kernel_z != 1 && shape->kernel_z != 3) return false;
  if (!axis_supported(shape->depth, shape->output_depth, shape->pad_z, shape->kernel_z) ||
      !axis_supported(shape->height, shape->output_height, shape->pad_y, 3) ||
      !axis_supported(shape->width, shape->output_width, shape->pad_x, 3)) {
    return false;
  }
  if (shape->parts < 1 || shape->parts > CCONV_MAX_PARTS || shape->output_channels < 1) {
    return false;
  }
  for (int32_t part = 0; part < shape->parts; part++) {
    if (shape->part_channels[part] < 1) return false;
  }
  return tiles_supported(shape);
}

int64_t cconv_scratch_floats(const struct cconv_shape *shape) {
  struct winograd_plan plan = winograd_plan_of(shape);
  return plan.points * (plan.input_stride + plan.output_stride);
}

int64_t cconv_transformed_floats(const struct cconv_shape *shape) {
  struct winograd_plan plan = winograd_plan_of(shape);
  return plan.points * plan.weight_stride;
}

struct run {
  const struct cconv_shape *shape;
  const struct cconv_arguments *arguments;
  struct winograd_plan plan;
  int64_t scratch_floats;
};

static void run_block(void *context, int64_t block, int32_t thread) {
  const struct run *run = context;
  const struct winograd_plan *plan = &run->plan;
  float *products_in = run->arguments->scratch + thread * run->scratch_floats;
  float *products_out = products_in + plan->points * plan->input_stride;
  struct tile_range range = {block * plan->tiles_at_a_time, plan->tiles_at_a_time};
  if (range.count > plan->tiles - range.first) range.count = plan->tiles - range.first;

  winograd_input(run->shape, plan, run->arguments->inputs, range, products_in);
  winograd_multiply(
      run->shape, plan, products_in, run->arguments->transformed, range.count, products_out);
  winograd_output(run->shape, plan, run->arguments, range, products_out);
}

void cconv_run(const struct cconv_shape *shape, const struct cconv_arguments *arguments) {
  struct run run = {
      .shape = shape,
      .arguments = arguments,
      .plan = winograd_plan_of(shape),
      .scratch_floats = cconv_scratch_floats(shape),
  };
  int64_t blocks = divide_up(run.plan.tiles, run.plan.tiles_at_a_time);
  cconv_for_each(blocks, arguments->threads, run_block, &run);
}

#else

// No other processor has these kernels: nothing is supported, and nothing is called.
bool cconv_supports(const struct cconv_shape *shape) { return (void)shape, false; }
int64_t cconv_transformed_floats(const struct cconv_shape *shape) { return (void)shape, 0; }
int64_t cconv_scratch_floats(const struct cconv_shape *shape) { return (void)shape, 0; }
void cconv_transform_weights(
    const struct cconv_shape *shape, const struct cconv_kernels *kernels, float *transformed,
    int32_t threads) {
  (void)shape, (void)kernels, (void)transformed, (void)threads;
}
void cconv_run(const struct cconv_shape *shape, const struct cconv_arguments *arguments) {
  (void)shape, (void)arguments;
}
int64_t cconv_gradient_scratch_floats(const struct cconv_shape *shape, int32_t threads) {
  return (void)shape, (void)threads, 0;
}
void cconv_weight_gradient(
    const struct cconv_shape *shape, const struct cconv_gradient *arguments) {
  (void)shape, (void)arguments;
}

#endif
