#pragma once
// The device EigenCpu and all its kernels.
#include <gantry/eigen/batch_norm.hpp>
#include <gantry/eigen/convolution.hpp>
#include <gantry/eigen/copy.hpp>
#include <gantry/eigen/device.hpp>
#include <gantry/eigen/elementwise.hpp>
#include <gantry/eigen/gather.hpp>
#include <gantry/eigen/index_map.hpp>
#include <gantry/eigen/matmul.hpp>
#include <gantry/eigen/maxout.hpp>
#include <gantry/eigen/norm.hpp>
#include <gantry/eigen/optimizers.hpp>
#include <gantry/eigen/pooling.hpp>
#include <gantry/eigen/random.hpp>
#include <gantry/eigen/reduce.hpp>
#include <gantry/eigen/resampling.hpp>
#include <gantry/eigen/softmax.hpp>
