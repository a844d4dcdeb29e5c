#pragma once
// The CPU device and all its kernels.
#ifndef __CUDACC__
#include <gantry/cpu/batch_norm.hpp>
#include <gantry/cpu/convolution/convolution.hpp>
#include <gantry/cpu/copy.hpp>
#include <gantry/cpu/device.hpp>
#include <gantry/cpu/elementwise.hpp>
#include <gantry/cpu/gather.hpp>
#include <gantry/cpu/gemm/matmul.hpp>
#include <gantry/cpu/maxout.hpp>
#include <gantry/cpu/norm.hpp>
#include <gantry/cpu/optimizers.hpp>
#include <gantry/cpu/pooling.hpp>
#include <gantry/cpu/random.hpp>
#include <gantry/cpu/reduce.hpp>
#include <gantry/cpu/softmax.hpp>
#else

namespace gantry {

namespace diagnosis {
/// nvcc does not support the CPU's vector types: programs for Cpu are .cpp files, which may be linked with
/// objects that nvcc compiled.
struct CpuIsNotForFilesThatNvccCompiles;
}  // namespace diagnosis

using Cpu = diagnosis::CpuIsNotForFilesThatNvccCompiles;

}  // namespace gantry
#endif
