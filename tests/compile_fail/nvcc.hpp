#pragma once
// Included by nvcc before each of these programs. nvcc cannot compile the CPU's vectors, so the programs use
// the GPU.
#include <gantry/cuda.hpp>
#include <gantry/eigen/eigen.hpp>
#include <gantry/eigen/map.hpp>
#define Cpu Cuda
