#pragma once

// Before igraph, which asks for GNU's extensions: the C library's types must be those that every
// other module sees, fd_set among them.
#include <stdlib.h>

#include <igraph/igraph.h>
