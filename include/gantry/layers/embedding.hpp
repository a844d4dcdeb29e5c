#pragma once
#include <gantry/layers/layer.hpp>
#include <gantry/layers/part.hpp>
#include <gantry/ops/integers.hpp>

#include <algorithm>
#include <string>

namespace gantry {

namespace diagnosis {
/// Compile-time check of Embedding's extents.
template <int classes, int width>
struct EmbeddingHasRows {
    static_assert(
        classes > 0 && width > 0,
        "gantry: an Embedding must have at least one class and one feature: Embedding<classes, width>");
};
}  // namespace diagnosis

/// A learned vector for each class: integers Shape<Batch> -> Shape<Batch, width>. PyTorch's nn.Embedding,
/// with the same initial values, normal with deviation 1. Errors: a label outside [0, classes); on Cuda, its
/// vector is NaN.
template <int classes, int width>
struct Embedding : layers::Part<Embedding<classes, width>> {
    static constexpr bool valid = classes > 0 && width > 0;  ///< the condition of Valid
    using Valid = core::StaticCheck<valid, diagnosis::EmbeddingHasRows<classes, width>>;
    static constexpr int rows = std::max(1, classes), columns = std::max(1, width);  ///< of the weight
    using Parameters = core::ParameterList<core::Parameter<"weight", Shape<rows, columns>, Role::embedding,
                                                           columns, rows, core::FileOrder::as_in_memory>>;
    using State = core::ParameterList<>;
    using Input = Shape<Batch>;
    static constexpr int features = 0;
    static constexpr bool takes_integers = true;
    static constexpr int output_axis = 0;
    static constexpr layers::FeatureOrder feature_order = layers::FeatureOrder::own;

    static std::string name() {
        return "Embedding " + std::to_string(classes) + " -> " + std::to_string(width);
    }

    template <class P, AnyTensor Labels, AnyTensor W>
    static auto forward(const P&, const Labels& labels, const W& weight) {
        return embedding(weight, labels);
    }
};

}  // namespace gantry
