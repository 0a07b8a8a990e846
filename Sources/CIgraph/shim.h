#pragma once

// The C library's headers as Swift's own module of them sees them: one and the same fd_set.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <igraph/igraph.h>
