#pragma once
#include <gantry/contracts/convolution.hpp>
#include <gantry/contracts/matmul.hpp>

#include <string>
#include <variant>
#include <vector>

namespace gantry::bench {

/// The parameters of a matrix product or convolution that a training step launches. Pointers are only null or
/// non-null; they do not point to memory. A convolution that is a matrix product is recorded as one.
/// `accumulate` is cleared, since its cost is negligible.
using Product = std::variant<contracts::MatmulParameters<float>, contracts::ConvolutionParameters<float>,
                             contracts::ConvolutionTransposedParameters<float>,
                             contracts::ConvolutionWeightGradientParameters<float>>;

struct RecordedStep {
    std::string network;
    int batch;
    std::vector<Product> products;  ///< of one training step
};

/// The matrix products and convolutions in one training step of each network in examples/networks and
/// bench/gan_networks.hpp, at the batch sizes of the programs that train them (or `batch`, if positive). The
/// step runs on a device that only records, so shapes, directions, epilogues and counts are exactly those of
/// the ops.
std::vector<RecordedStep> recorded_steps(int batch = 0);

}  // namespace gantry::bench
