#pragma once
// Which devices the bodies of TEMPLATE_TEST_CASE run on: GANTRY_TEST_DEVICES, and with how large batches.
// Everything is tested on Cpu and Reference, and once more on Cuda, over the emulator, in programs of their
// own.
#include "support/reference_device.hpp"
#include <gantry/gantry.hpp>

#ifdef GANTRY_CUDA_EMULATOR
#include <gantry/cuda.hpp>
#define GANTRY_TEST_DEVICES Cuda
#define GANTRY_TEST_BATCHES 1, 3  // on an emulator 7 items would take minutes
#else
#define GANTRY_TEST_DEVICES Cpu, Reference
#define GANTRY_TEST_BATCHES 1, 3, 7
#endif
