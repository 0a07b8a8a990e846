#pragma once

#include <igraph/igraph.h>
