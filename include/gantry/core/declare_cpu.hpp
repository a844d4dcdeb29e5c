#pragma once
#include <gantry/core/target.hpp>

namespace gantry {

#ifdef __CUDACC__
/// nvcc does not support the vector types of Cpu's kernels. A file that nvcc compiles uses EigenCpu
/// (<gantry/eigen.hpp>) or Cuda; programs for Cpu are .cpp files, which may be linked with its objects.
struct CpuIsNotForFilesThatNvccCompilesUseEigenCpu;
using Cpu = CpuIsNotForFilesThatNvccCompilesUseEigenCpu;
#else
inline namespace GANTRY_TARGET {
class Cpu;
}
#endif

}  // namespace gantry
