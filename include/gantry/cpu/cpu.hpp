#pragma once
// The CPU device and all its kernels; under nvcc only the name Cpu.
#include <gantry/core/declare_cpu.hpp>
#ifndef __CUDACC__
#include <gantry/cpu/batch_norm.hpp>
#include <gantry/cpu/convolution/convolution.hpp>
#include <gantry/cpu/copy.hpp>
#include <gantry/cpu/device.hpp>
#include <gantry/cpu/elementwise.hpp>
#include <gantry/cpu/gather.hpp>
#include <gantry/cpu/gemm/matmul.hpp>
#include <gantry/cpu/index_map.hpp>
#include <gantry/cpu/maxout.hpp>
#include <gantry/cpu/norm.hpp>
#include <gantry/cpu/optimizers.hpp>
#include <gantry/cpu/pooling.hpp>
#include <gantry/cpu/random.hpp>
#include <gantry/cpu/reduce.hpp>
#include <gantry/cpu/resampling.hpp>
#include <gantry/cpu/softmax.hpp>
#include <gantry/cpu/wide_sums.hpp>
#endif
