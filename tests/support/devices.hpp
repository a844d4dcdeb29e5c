#pragma once
// Which devices the bodies of TEMPLATE_TEST_CASE run on: GANTRY_TEST_DEVICES. Everything is tested on Cpu and
// Reference, and once more on Cuda, over the emulator, in programs of their own.
#include "support/reference_device.hpp"
#include <gantry/gantry.hpp>

#ifdef GANTRY_CUDA_EMULATOR
#include <gantry/cuda.hpp>
#define GANTRY_TEST_DEVICES Cuda
#else
#define GANTRY_TEST_DEVICES Cpu, Reference
#endif
