#pragma once
// The CUDA device. Requires the CUDA toolkit's headers, and linking with gantry::cuda.
#include <gantry/cuda/check.hpp>
#include <gantry/cuda/device.hpp>
#include <gantry/cuda/launch.hpp>
#include <gantry/cuda/memory.hpp>
#include <gantry/gantry.hpp>
