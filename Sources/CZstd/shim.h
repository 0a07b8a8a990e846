#pragma once

#include <zstd.h>
#include <zstd_errors.h>

// `ZSTD_d_forceIgnoreChecksum`, which the header names for static linking only; the shared library
// knows it by this number since 1.4.5.
static const ZSTD_dParameter czstd_d_force_ignore_checksum = ZSTD_d_experimentalParam3;
