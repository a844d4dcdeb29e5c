#pragma once
// Networks, autograd and the CPU device. Files and data sets: gantry/io.hpp.
#include <gantry/autograd/backward.hpp>
#include <gantry/autograd/variable.hpp>
#include <gantry/core/buffer.hpp>
#include <gantry/core/device.hpp>
#include <gantry/core/error.hpp>
#include <gantry/core/random.hpp>
#include <gantry/core/scalar_log.hpp>
#include <gantry/core/shape.hpp>
#include <gantry/core/tensor.hpp>
#include <gantry/core/window.hpp>
#include <gantry/data/device_batches.hpp>
#include <gantry/init/distributions.hpp>
#include <gantry/init/initialize.hpp>
#include <gantry/init/orthogonal.hpp>
#include <gantry/init/output_bias.hpp>
#include <gantry/init/variance_scaling.hpp>
#include <gantry/layers/activations.hpp>
#include <gantry/layers/batch_norm.hpp>
#include <gantry/layers/conv2d.hpp>
#include <gantry/layers/conv_transpose2d.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/dropout.hpp>
#include <gantry/layers/input.hpp>
#include <gantry/layers/max_pool2d.hpp>
#include <gantry/layers/maxout.hpp>
#include <gantry/layers/mean_pool2d.hpp>
#include <gantry/layers/network.hpp>
#include <gantry/layers/pool_unpool2d.hpp>
#include <gantry/layers/reshape.hpp>
#include <gantry/layers/sequential.hpp>
#include <gantry/layers/upsample.hpp>
#include <gantry/ops/activation.hpp>
#include <gantry/ops/affine.hpp>
#include <gantry/ops/arithmetic.hpp>
#include <gantry/ops/batch_norm.hpp>
#include <gantry/ops/concatenate.hpp>
#include <gantry/ops/convolution.hpp>
#include <gantry/ops/dropout.hpp>
#include <gantry/ops/elementwise.hpp>
#include <gantry/ops/losses.hpp>
#include <gantry/ops/matmul.hpp>
#include <gantry/ops/max_pool.hpp>
#include <gantry/ops/maxout.hpp>
#include <gantry/ops/mean_pool.hpp>
#include <gantry/ops/reshape.hpp>
#include <gantry/ops/softmax.hpp>
#include <gantry/ops/sum.hpp>
#include <gantry/optim/adam.hpp>
#include <gantry/optim/adam_w.hpp>
#include <gantry/optim/gradient_norm.hpp>
#include <gantry/optim/optimistic_adam.hpp>
#include <gantry/optim/rms_prop.hpp>
#include <gantry/optim/schedules.hpp>
#include <gantry/optim/sgd.hpp>

#ifndef __CUDACC__
#include <gantry/cpu/cpu.hpp>
#else
namespace gantry {
/// nvcc knows no vectors of the CPU: programs for Cpu are .cpp files, which may link with what nvcc compiled.
struct CpuIsNotForFilesThatNvccCompiles;
using Cpu = CpuIsNotForFilesThatNvccCompiles;
}  // namespace gantry
#endif
