#pragma once
// The devices of TEMPLATE_TEST_CASE bodies (GANTRY_TEST_DEVICES), their batch sizes, and the number of input
// elements that are perturbed to check a derivative. Tests run on Cpu and EigenCpu, or on the one that
// GANTRY_TEST_CPU names; under sanitizers on Cpu only; and in separate programs on Cuda, once on the emulator
// and once on a GPU.
#include "support/eigen_kernels.hpp"
#include <gantry/gantry.hpp>

#ifdef GANTRY_CUDA_EMULATOR
#include <gantry/cuda.hpp>
#define GANTRY_TEST_DEVICES Cuda
// More would take minutes on an emulator.
#define GANTRY_TEST_BATCHES 1, 3
#define GANTRY_TEST_ELEMENTS 7
#elif defined(GANTRY_TEST_GPU)
#include <gantry/cuda.hpp>
#define GANTRY_TEST_DEVICES Cuda
#define GANTRY_TEST_BATCHES 1, 3, 7
#define GANTRY_TEST_ELEMENTS 20
#elif defined(GANTRY_TEST_SANITIZERS)
// The sanitizers are meant for Cpu; EigenCpu would double the time.
#define GANTRY_TEST_DEVICES Cpu
#define GANTRY_TEST_BATCHES 1, 3, 7
#define GANTRY_TEST_ELEMENTS 20
#else
#ifdef GANTRY_TEST_CPU
#define GANTRY_TEST_DEVICES GANTRY_TEST_CPU
#else
#define GANTRY_TEST_DEVICES Cpu, EigenCpu
#endif
#define GANTRY_TEST_BATCHES 1, 3, 7
#define GANTRY_TEST_ELEMENTS 60
#endif
