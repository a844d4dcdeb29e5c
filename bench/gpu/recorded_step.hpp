#pragma once
#include <gantry/contracts/convolution.hpp>
#include <gantry/contracts/matmul.hpp>

#include <string>
#include <variant>
#include <vector>

namespace gantry::bench {

/// The parameters of a product or a convolution that a training step launches. Pointers are only null or not
/// null; there is no memory behind them. A convolution that a plain product computes is recorded as that
/// product. `accumulate` is cleared, since it costs next to nothing.
using Product =
    std::variant<MatmulParameters<float>, ConvolutionParameters<float>,
                 ConvolutionTransposedParameters<float>, ConvolutionWeightGradientParameters<float>>;

struct RecordedStep {
    std::string network;
    int batch;
    std::vector<Product> products;  ///< all of one training step
};

/// The products in one training step of each network in examples/networks and bench/gan_networks.hpp, at the
/// batch sizes of the programs that train them (or `batch`, if it is positive). The step runs on a device
/// that only records, so that shapes, directions, epilogues and counts are those of the ops.
std::vector<RecordedStep> recorded_steps(int batch = 0);

}  // namespace gantry::bench
