#pragma once
// Which devices the bodies of TEMPLATE_TEST_CASE run on: GANTRY_TEST_DEVICES, with how large batches, and how
// many elements of an input are changed to see its derivative.
// Everything is tested on Cpu and Reference, on Cpu under sanitizers, and in separate programs on Cuda: over the
// emulator, and on a GPU.
#include "support/reference_device.hpp"
#include <gantry/gantry.hpp>

#ifdef GANTRY_CUDA_EMULATOR
#include <gantry/cuda.hpp>
#define GANTRY_TEST_DEVICES Cuda
// On an emulator more would take minutes.
#define GANTRY_TEST_BATCHES 1, 3
#define GANTRY_TEST_ELEMENTS 7
#elif defined(GANTRY_TEST_GPU)
#include <gantry/cuda.hpp>
#define GANTRY_TEST_DEVICES Cuda
#define GANTRY_TEST_BATCHES 1, 3, 7
#define GANTRY_TEST_ELEMENTS 20
#elif defined(GANTRY_TEST_SANITIZERS)
// What the sanitizers are to see is Cpu; Reference costs them as much time.
#define GANTRY_TEST_DEVICES Cpu
#define GANTRY_TEST_BATCHES 1, 3, 7
#define GANTRY_TEST_ELEMENTS 20
#else
#define GANTRY_TEST_DEVICES Cpu, Reference
#define GANTRY_TEST_BATCHES 1, 3, 7
#define GANTRY_TEST_ELEMENTS 60
#endif
