#pragma once
#include <gantry/gantry.hpp>

#include <cmath>
#include <cstddef>
#include <type_traits>
#include <utility>

// Huang, Gokaslan, Kuleshov and Tompkin, "The GAN is dead; long live the GAN! A modern baseline GAN" (2024),
// with the names of the authors' code: residual blocks without normalisation, class-conditional. All
// resampling has the filter [1, 2, 1], made interpolating by a convolution with [1, 1]: [1, 3, 3, 1]. Initial
// weights are normal with deviation gain / sqrt(fan-in).

namespace gantry::networks::r3gan {

template <int size, int groups = 1>
inline constexpr Conv2dOptions window{.size = size, .padding = size / 2, .groups = groups, .bias = false};

/// For layers without an activation: a gain of 1.
inline constexpr KaimingNormal linear{.slope = 1};

template <int in, int out, int size, int groups = 1>
struct Convolution {
    Conv2d<in, out, window<size, groups>> Layer;

    auto operator()(const auto& x) const { return Layer(x); }
    void initialize(const auto& set) const { set(Layer, Role::weight, linear); }
};
template <int channels>
struct BiasedActivation {
    LearnedTensor<Shape<channels>> Bias;

    auto operator()(const auto& x) const { return leaky_relu(x + Bias(x), 0.2); }
};
/// Twice as many channels inside; the 3x3 convolution in the middle is grouped. Initially the block returns
/// its input, and its activations are small in a network of many blocks.
template <int channels, int groups, int blocks_of_network>
struct ResidualBlock {
    Convolution<channels, 2 * channels, 1> LinearLayer1;
    Convolution<2 * channels, 2 * channels, 3, groups> LinearLayer2;
    Convolution<2 * channels, channels, 1> LinearLayer3;
    BiasedActivation<2 * channels> NonLinearity1, NonLinearity2;

    auto operator()(const auto& x) const {
        return x + LinearLayer3(NonLinearity2(LinearLayer2(NonLinearity1(LinearLayer1(x)))));
    }
    void initialize(const auto& set) const {
        const KaimingNormal activated{.slope = 0.2, .gain = std::pow(blocks_of_network, -0.25)};
        set(LinearLayer1, Role::weight, activated);
        set(LinearLayer2, Role::weight, activated);
        set(LinearLayer3, Role::weight, Constant{0});
    }
};
/// A learned image of 4x4, with each channel times a linear map of the noise.
template <int inputs, int channels>
struct GenerativeBasis {
    LearnedTensor<Shape<channels, 4, 4>, Role::embedding> Basis;
    Dense<inputs, channels, DenseOptions{.bias = false}> LinearLayer;

    auto operator()(const auto& z) const {
        return permute<1, 2, 0>(Basis(z)) * reshape<Shape<Batch, 1, 1, channels>>(LinearLayer(z));
    }
    void initialize(const auto& set) const { set(LinearLayer, Role::weight, linear); }
};
/// One product with a learned image per channel, and a linear map.
template <int channels, int outputs>
struct DiscriminativeBasis {
    Conv2d<channels, channels, Conv2dOptions{.size = 4, .groups = channels, .bias = false}> Basis;
    Dense<channels, outputs, DenseOptions{.bias = false}> LinearLayer;

    auto operator()(const auto& x) const { return LinearLayer(reshape<Shape<Batch, channels>>(Basis(x))); }
    void initialize(const auto& set) const {
        set(Basis, Role::weight, linear);
        set(LinearLayer, Role::weight, linear);
    }
};

template <class Transition, class Block, class Indices>
struct StageLayers;
template <class Transition, class Block, std::size_t... i>
struct StageLayers<Transition, Block, std::index_sequence<i...>> {
    using OfGenerator = Sequential<Transition, std::conditional_t<(i >= 0), Block, void>...>;
    using OfDiscriminator = Sequential<std::conditional_t<(i >= 0), Block, void>..., Transition>;
};
template <class Transition, int width, int groups, int blocks>
using LayersOf =
    StageLayers<Transition, ResidualBlock<width, groups, 4 * blocks>, std::make_index_sequence<blocks>>;
/// In the generator a transition to its resolution, and residual blocks; in the discriminator residual
/// blocks, and a transition to the next resolution.
template <class Chain>
struct StageOf {
    Chain Layers;

    auto operator()(const auto& x) const { return Layers(x); }
};

/// Noise and class labels -> images of 32 x 32. `groups`: the cardinality; `embedding`: of the class.
template <int width, int blocks, int groups, int noise, int embedding, int classes>
struct Generator {
    using Input = layers::Inputs<Shape<Batch, noise>, layers::Indices<Shape<Batch>>>;
    template <class Transition>
    using Stage = StageOf<typename LayersOf<Transition, width, groups, blocks>::OfGenerator>;

    Sequential<Stage<GenerativeBasis<noise + embedding, width>>, Stage<FirUpsample<1, 3, 3, 1>>,
               Stage<FirUpsample<1, 3, 3, 1>>, Stage<FirUpsample<1, 3, 3, 1>>>
        MainLayers;
    Convolution<width, 3, 1> AggregationLayer;
    Dense<classes, embedding, DenseOptions{.bias = false}> EmbeddingLayer;

    auto operator()(const auto& z, const auto& label) const {
        return AggregationLayer(MainLayers(concatenate(z, EmbeddingLayer(one_hot<classes>(label)))));
    }
    void initialize(const auto& set) const { set(EmbeddingLayer, Role::weight, linear); }
};
/// Images of 32 x 32 and class labels -> scores Shape<Batch>.
template <int width, int blocks, int groups, int embedding, int classes>
struct Discriminator {
    using Input = layers::Inputs<Shape<Batch, 32, 32, 3>, layers::Indices<Shape<Batch>>>;
    template <class Transition>
    using Stage = StageOf<typename LayersOf<Transition, width, groups, blocks>::OfDiscriminator>;

    Convolution<3, width, 1> ExtractionLayer;
    Sequential<Stage<FirDownsample<1, 3, 3, 1>>, Stage<FirDownsample<1, 3, 3, 1>>,
               Stage<FirDownsample<1, 3, 3, 1>>, Stage<DiscriminativeBasis<width, embedding>>>
        MainLayers;
    Dense<classes, embedding, DenseOptions{.bias = false}> EmbeddingLayer;

    auto operator()(const auto& image, const auto& label) const {
        const auto features = MainLayers(ExtractionLayer(image));
        return sum_per_sample(features * EmbeddingLayer(one_hot<classes>(label)));
    }
    void initialize(const auto& set) const {
        set(EmbeddingLayer, Role::weight, KaimingNormal{.slope = 1, .gain = 1 / std::sqrt(embedding)});
    }
};

/// The published configuration for CIFAR-10.
using Cifar10Generator = Generator<768, 2, 96, 64, 64, 10>;
using Cifar10Discriminator = Discriminator<768, 2, 96, 768, 10>;
static_assert(Network<Cifar10Generator, Cpu>::parameter_count == 20'781'952);
static_assert(Network<Cifar10Discriminator, Cpu>::parameter_count == 21'280'512);

}  // namespace gantry::networks::r3gan
