#pragma once
#include <gantry/core/target.hpp>

namespace gantry {

#ifdef __CUDACC__
namespace diagnosis {
/// nvcc does not support the vector types of Cpu's kernels. A file that nvcc compiles uses EigenCpu
/// (<gantry/eigen.hpp>) or Cuda; programs for Cpu are .cpp files, which may be linked with its objects.
struct CpuIsNotForFilesThatNvccCompilesUseEigenCpu;
}  // namespace diagnosis

using Cpu = diagnosis::CpuIsNotForFilesThatNvccCompilesUseEigenCpu;
#else
inline namespace GANTRY_TARGET {
class Cpu;
}  // namespace GANTRY_TARGET
#endif

}  // namespace gantry
