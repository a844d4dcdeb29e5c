#pragma once
// Eigen as a device, and tensors as Eigen's matrices. Requires Eigen 3.4 or newer: use the CMake target
// gantry::eigen.
#include <gantry/eigen/decompositions.hpp>
#include <gantry/eigen/eigen.hpp>
#include <gantry/eigen/map.hpp>
#include <gantry/gantry.hpp>
