#include "CConvolution.h"
