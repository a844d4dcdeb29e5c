#pragma once
#include <gantry/gantry.hpp>

namespace gantry::networks {

/// Classifies digits: four 3x3 convolutions with batch norm, two max pools and a dense layer on 980 = 7 * 7 *
/// 20 values, after tejpalv's pytorch-basics. (Batch, 28, 28, 1) -> logits of ten classes.
struct MnistClassifier {
    static constexpr int classes = 10;
    static constexpr Conv2dOptions same_3x3{.size = 3, .padding = 1};
    static constexpr Pool2dOptions halve{.size = 2};

    using Architecture = Sequential<InputShape<28, 28, 1>,                            // 28x28
                                    Conv2d<1, 10, same_3x3>, BatchNorm<10>, ReLU,     // 28x28
                                    Conv2d<10, 10, same_3x3>, BatchNorm<10>, ReLU,    // 28x28
                                    MaxPool2d<halve>,                                 // 14x14
                                    Conv2d<10, 20, same_3x3>, BatchNorm<20>, ReLU,    // 14x14
                                    Conv2d<20, 20, same_3x3>, BatchNorm<20>, ReLU,    // 14x14
                                    MaxPool2d<halve>, Flatten, Dense<980, classes>>;  // 7x7
    static_assert(Architecture::parameter_count == 16'380);
};

}  // namespace gantry::networks
