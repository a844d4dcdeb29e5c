#pragma once
#include <gantry/kernels/convolution.hpp>
#include <gantry/kernels/matmul.hpp>

#include <string>
#include <variant>
#include <vector>

namespace gantry::bench {

/// A product or a convolution as a training step launches it. A pointer says only whether the operand is
/// there (not null): what it points to was never allocated. A convolution that a plain product computes is
/// recorded as that product; `accumulate` is left out, since it costs next to nothing.
using Product =
    std::variant<MatmulParameters<float>, ConvolutionParameters<float>,
                 ConvolutionTransposedParameters<float>, ConvolutionWeightGradientParameters<float>>;

struct RecordedStep {
    std::string network;
    int batch;
    std::vector<Product> products;  ///< all of one training step
};

/// What one training step of each network in examples/networks and bench/gan_networks.hpp launches, at the
/// batch sizes of the programs that train them. Found by running the step on a device that computes nothing,
/// so that shapes, directions, epilogues and how often each is used are those of the ops. `batch`: in place
/// of the programs' own, if it is positive.
std::vector<RecordedStep> recorded_steps(int batch = 0);

}  // namespace gantry::bench
