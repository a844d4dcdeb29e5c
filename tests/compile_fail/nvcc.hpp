#pragma once
// What nvcc includes before each of these programs: it cannot compile the CPU's vectors, so they name the
// GPU.
#include <gantry/cuda.hpp>
#define Cpu Cuda
