#include "winograd.h"


#if defined(__x86_64__)

#include "parallel.h"

// The kernels at the points are computed in double precision for a block of output channels at
// once: lanes are output channels.
/// The weight transform along an axis: the factor of each tap at each point.
static int axis_factors(int32_t tile, int32_t taps, double factors[MOST_POINTS][3]) {
  static const double two[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
  const double points[5] = {0, POINT_A, -POINT_A, POINT_B, -POINT_B};
  if (taps == 1) {
    factors[0][0] = 1;
    return 1;
  }
  for (int point = 0; point < tile + 2; point++) {
    for (int tap = 0; tap < 3; tap++) factors[point][tap] = tile == 2 ? two[point][tap] : tap == 2;
  }
  if (tile == 2) return 4;
  for (int point = 0; point < 5; point++) {
    double scale = 1;
    for (int other = 0; other < 5; other++) {
      if (other != point) scale *= points[point] - points[other];
    }
    factors[point][0] = 1 / scale;
    factors[point][1] = points[point] / scale;
    factors[point][2] = points[point] * points[point] / scale;
  }
  return 6;
}

struct winograd_axes winograd_axes_of(const struct cconv_shape *shape) {
  struct winograd_axes axes = {0};
  axes.points_z = axis_factors(shape->tile_z, shape->kernel_z, axes.z);
  axes.points_y = axis_factors(shape->tile_y, 3, axes.y);
  axes.points_x = axis_factors(shape->tile_x, 3, axes.x);
  return axes;
}

/// Applies the factors along the middle axis of (outer, taps, inner) lanes.
AVX512 static void transform_axis(
    const double factors[MOST_POINTS][3], int points, int taps, int outer, int inner,
    const double_lanes *from, double_lanes *to) {
  for (int o = 0; o < outer; o++) {
    for (int point = 0; point < points; point++) {
      for (int i = 0; i < inner; i++) {
        double_lanes sum = {0};
        for (int tap = 0; tap < taps; tap++) {
          sum += factors[point][tap] * from[(o * taps + tap) * inner + i];
        }
        to[(o * points + point) * inner + i] = sum;
      }
    }
  }
}

/// The adjoint: from (outer, points, inner) lanes to taps.
AVX512 static void sum_axis(
    const double factors[MOST_POINTS][3], int points, int taps, int outer, int inner,
    const double_lanes *from, double_lanes *to) {
  for (int o = 0; o < outer; o++) {
    for (int tap = 0; tap < taps; tap++) {
      for (int i = 0; i < inner; i++) {
        double_lanes sum = {0};
        for (int point = 0; point < points; point++) {
          sum += factors[point][tap] * from[(o * points + point) * inner + i];
        }
        to[(o * taps + tap) * inner + i] = sum;
      }
    }
  }
}

AVX512 void winograd_taps_from_points(
    const struct winograd_axes *axes, int kernel_z, const double_lanes *points,
    double_lanes *taps) {
  double_lanes along_z[3 * 36], along_y[9 * 6];
  int ny = axes->points_y, nx = axes->points_x;
  sum_axis(axes->z, axes->points_z, kernel_z, 1, ny * nx, points, along_z);
  sum_axis(axes->y, ny, 3, kernel_z, nx, along_z, along_y);
  sum_axis(axes->x, nx, 3, kernel_z * 3, 1, along_y, taps);
}

/// The lanes in single precision.
INLINE __m512 rounded(double_lanes lanes) {
  typedef float float_lanes __attribute__((vector_size(LANES * sizeof(float))));
  return (__m512)__builtin_convertvector(lanes, float_lanes);
}

struct weights {
  const struct cconv_shape *shape;
  struct winograd_plan plan;
  const struct cconv_kernels *kernels;
  float *transformed;
  struct winograd_axes axes;
};

/// Transforms the kernels from one input channel.
AVX512 static void transform_channel(void *context, int64_t channel, int32_t thread) {
  struct weights *weights = context;
  const struct winograd_plan *plan = &weights->plan;
  (void)thread;
  int kernel_z = weights->shape->kernel_z, taps = kernel_z * 9;
  int64_t outputs = weights->shape->output_channels;
  const struct cconv_kernels *kernels = weights->kernels;
  for (int32_t first = 0; first < plan->output_blocks;) {
    int32_t blocks = winograd_group(first, plan->output_blocks);
    for (int32_t block = 0; block < blocks; block++) {
      double_lanes kernel[27], along_x[9 * 6], along_y[3 * 36], points[216];
      for (int64_t lane = 0; lane < LANES; lane++) {
        int64_t output = (first + block) * LANES + lane;
        const float *from =
            kernels->values + output * kernels->next_output + channel * kernels->next_input;
        for (int tap = 0; tap < taps; tap++) {
          int place = kernels->reversed ? taps - 1 - tap : tap;
          kernel[tap][lane] = output < outputs ? from[place] : 0;
        }
      }
      int nz = plan->points_z, ny = plan->points_y, nx = plan->points_x;
      const struct winograd_axes *axes = &weights->axes;
      transform_axis(axes->x, nx, 3, kernel_z * 3, 1, kernel, along_x);
      transform_axis(axes->y, ny, 3, kernel_z, nx, along_x, along_y);
      transform_axis(axes->z, nz, kernel_z, 1, ny * nx, along_y, points);
      for (int32_t point = 0; point < plan->points; point++) {
        float *to = weights->transformed + point * plan->weight_stride +
                    (first * plan->input_channels + channel * blocks + block) * LANES;
        _mm512_store_ps(to, rounded(points[point]));
      }
    }
    first += blocks;
  }
}

void cconv_transform_weights(
    const struct cconv_shape *shape, const struct cconv_kernels *kernels, float *transformed,
    int32_t threads) {
  struct weights weights = {
      .shape = shape,
      .plan = winograd_plan_of(shape),
      .kernels = kernels,
      .transformed = transformed,
      .axes = winograd_axes_of(shape),
  };
  cconv_for_each(weights.plan.input_channels, threads, transform_channel, &weights);
}

#endif
