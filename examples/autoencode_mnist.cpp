// Trains an autoencoder with max unpooling on MNIST, Fashion-MNIST or any data set with the same file names.
#include "networks/encoder_decoder.hpp"
#include "program/network_experiment.hpp"
#include "program/program.hpp"
#include <gantry/gantry.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

using namespace gantry;
using networks::EncoderDecoder;

namespace {

template <class D>
class Autoencoding final : public program::NetworkExperiment<EncoderDecoder::Architecture, D> {
    using Base = program::NetworkExperiment<EncoderDecoder::Architecture, D>;

public:
    Autoencoding(const program::Options& options, const LabelledImages& data, LabelledImages test)
        : Base(options, data, test, {.learning_rate = 1e-3}), test_(std::move(test.images)) {
        columns_ = std::min<std::size_t>(16, test_.count);
        shown_ = test_;
        shown_.count = std::min(4 * columns_, test_.count / columns_ * columns_);
        shown_.pixels.resize(shown_.count * shown_.sample_size());
    }

    void step() override {
        const Minibatch<float> batch = this->batches_.next();
        const Step step{this->device_};
        const auto originals = this->items(batch.pixels);
        const auto loss = mse(this->network_(originals), originals);
        this->update(loss);
        this->add_metrics({loss.item()});
    }

    /// The mean squared error on the test split.
    std::vector<double> test() override {
        double sum = 0;
        this->evaluate(test_, [&](const auto& originals, const auto& results) {
            const auto reconstructions = results.to_host();
            for (std::size_t i = 0; i < originals.size(); ++i) {
                const double difference = originals[i] - reconstructions[i];
                sum += difference * difference;
            }
        });
        return {sum / static_cast<double>(test_.pixels.size())};
    }

    /// The first test images in rows, with their reconstructions below each row.
    io::Image draw() override {
        const std::size_t row = columns_ * Base::Item::sample_size;
        std::vector<float> tiles;
        this->evaluate(shown_, [&](const auto& originals, const auto& results) {
            const auto reconstructions = results.to_host();
            for (std::size_t first = 0; first < originals.size(); first += row)
                for (const auto& numbers : {originals, reconstructions})
                    tiles.insert(tiles.end(), numbers.begin() + static_cast<std::ptrdiff_t>(first),
                                 numbers.begin() + static_cast<std::ptrdiff_t>(first + row));
        });
        return grid(tiles, test_.height, test_.width, test_.channels,
                    {.columns = static_cast<int>(columns_), .scale = 2, .range = PixelRange::zero_to_one});
    }

private:
    Images test_, shown_;  ///< all test images, and the whole rows of them that are drawn
    std::size_t columns_;
};

}  // namespace

int main(int argc, char** argv) {
    program::Program program{
        .name = "autoencode_mnist",
        .description =
            "Trains an autoencoder with max pooling, and unpooling by its switches, on MNIST, Fashion-MNIST "
            "or data with the same file names; evaluates it on the test set.",
        .dataset = program::mnist(),
        .images = "reconstructions",
        .metrics = {{"loss", "loss", 5, "#7b3fa0"}},
        .test_metrics = {{"loss", "test loss", 5}}};
    program.recipes = {program::network_recipe<Autoencoding, EncoderDecoder::Architecture>(
        "switches", 1800, 100, program.dataset)};
    return program::run(argc, argv, program);
}
