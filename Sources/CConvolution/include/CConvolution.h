#pragma once

// Convolution kernels in processor intrinsics. Each function says which instructions it needs; the
// caller asks cconv_features() first.
