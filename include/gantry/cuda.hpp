#pragma once
// The CUDA device. Needs the toolkit's headers, and gantry::cuda at link time.
#include <gantry/cuda/check.hpp>
#include <gantry/cuda/device.hpp>
#include <gantry/cuda/launch.hpp>
#include <gantry/cuda/memory.hpp>
#include <gantry/gantry.hpp>
