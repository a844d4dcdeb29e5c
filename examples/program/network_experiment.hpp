#pragma once
#include "cost_text.hpp"
#include "dataset.hpp"
#include "device.hpp"
#include "experiment.hpp"
#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/data/batches.hpp>
#include <gantry/gantry.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace gantry::program {

/// Base class of experiments that train a single network, on a device of type D. Pixels are in [0, 1].
template <class Architecture, class D>
class NetworkExperiment : public Experiment {
public:
    std::uint64_t iterations() const override { return iterations_; }
    std::vector<std::vector<double>> take_metrics() override { return std::exchange(metrics_, {}); }
    std::map<std::string, std::string> record() const override {
        return {{"device", device_text_}, {"data.test", test_text_}};
    }
    void serialize(CheckpointWriter& checkpoint) override { serialize_all(checkpoint); }
    void serialize(CheckpointReader& checkpoint) override { serialize_all(checkpoint); }
    /// What an iteration costs.
    StepCost cost()
        requires std::is_same_v<D, Meta>
    {
        return step_cost(device_, [&] { step(); });
    }

protected:
    using Item = typename Architecture::Input;
    using Net = Network<Architecture, D>;

    NetworkExperiment(const Options& options, const LabelledImages& data, const LabelledImages& test,
                      const AdamOptions& adam)
        : device_text_(device_text<D>(options)),
          test_text_(data_text(test)),
          batches_(data, batch_options(options, PixelRange::zero_to_one)),
          device_(make_device<D>(options)),
          network_(device_, seed_for(Seed{options.seed}, "network")),
          adam_(network_, adam) {}

    /// Copies host pixels to the device as a batch.
    auto items(std::span<const float> pixels) {
        return from_host<Item>(device_, static_cast<int>(pixels.size() / Item::sample_size), pixels);
    }
    /// Backpropagates a loss and updates the network.
    template <class Loss>
    void update(const Loss& loss) {
        adam_.step(backward(loss, network_));
        ++iterations_;
    }
    /// Queues metrics for `take_metrics`.
    void add_metrics(std::vector<double> metrics) { metrics_.push_back(std::move(metrics)); }
    /// Runs the network in evaluation mode on all images, in order and in batches. Calls f(pixels, outputs)
    /// with the values of each batch.
    template <class F>
    void evaluate(const Images& images, const F& f) {
        constexpr std::size_t most = 500 * Item::sample_size;
        for (std::size_t first = 0; first < images.pixels.size(); first += most) {
            const auto bytes = std::span(images.pixels).subspan(first);
            std::vector<float> pixels(std::min(most, bytes.size()));
            std::transform(
                bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(pixels.size()), pixels.begin(),
                [](std::uint8_t byte) { return core::from_byte<float>(byte, PixelRange::zero_to_one); });
            const Step step{device_};
            f(pixels, evaluation(network_)(items(pixels)));
        }
    }

    std::string device_text_, test_text_;
    Batches<float> batches_;
    D device_;
    Net network_;

private:
    template <class Checkpoint>
    void serialize_all(Checkpoint& checkpoint) {
        checkpoint.network("network", network_);
        checkpoint.optimizer("optimizer", adam_, network_);
        checkpoint.number("iterations", iterations_);
        checkpoint.batches("data", batches_);
        checkpoint.proportional("optimizer.updates", 1, "iterations");
        checkpoint.proportional("data.position", 1, "iterations");
    }

    Adam<Net> adam_;
    std::vector<std::vector<double>> metrics_;
    std::uint64_t iterations_ = 0;
};

/// The layers of the network, and what an iteration of T costs on the CPU.
template <template <class D> class T, class Architecture>
std::string model_card(const Options& options) {
    constexpr core::Extents input = Architecture::Input::extents(Batch);
    LabelledImages data;
    data.images = {.count = static_cast<std::size_t>(options.batch),
                   .height = input.of[1],
                   .width = input.of[2],
                   .channels = input.of[3],
                   .pixels = {}};
    data.images.pixels.resize(data.images.count * data.images.sample_size());
    data.labels.resize(data.images.count);
    T<Meta> experiment(options, data, data);
    return Architecture::summary() + '\n' + cost_text(experiment.cost());
}

/// The recipe of a program for experiments of type T<device>, constructed from the options, the training
/// split and the test split of `dataset`. Errors from `begin`: test images have another size than the
/// training images.
template <template <class D> class T, class Architecture>
AnyRecipe network_recipe(const std::string& name, std::uint64_t iterations, int batch,
                         const Dataset& dataset) {
    return {.name = name,
            .iterations = iterations,
            .batch = batch,
            .input = Architecture::Input::extents(Batch),
            .parameters = std::to_string(Architecture::parameter_count) + " parameters",
            .summary = [](const Options& options) { return model_card<T, Architecture>(options); },
            .begin = [load = dataset.load](const Options& options,
                                           const LabelledImages& data) -> std::unique_ptr<Experiment> {
                LabelledImages test = load(options, Split::test);
                if (test.images.sample_size() != data.images.sample_size())
                    fail("data", "test and training images must have the same size",
                         test.images.sample_size(), " and ", data.images.sample_size(), " values");
                return on_device(options, [&]<class D>(std::type_identity<D>) -> std::unique_ptr<Experiment> {
                    return std::make_unique<T<D>>(options, data, std::move(test));
                });
            }};
}

}  // namespace gantry::program
