// Trains a convolutional classifier on MNIST, Fashion-MNIST or any data set with the same file names.
#include "networks/mnist_classifier.hpp"
#include "program/network_experiment.hpp"
#include "program/program.hpp"
#include <gantry/gantry.hpp>
#include <gantry/io/atomic_file.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace gantry;
using networks::MnistClassifier;

namespace {

constexpr std::size_t classes = MnistClassifier::classes;

/// The share of correct predictions.
double accuracy(std::span<const std::int32_t> chosen, std::span<const std::int32_t> labels) {
    std::size_t right = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) right += chosen[i] == labels[i] ? 1 : 0;
    return static_cast<double>(right) / static_cast<double>(labels.size());
}

template <class D>
class Classification final : public program::NetworkExperiment<MnistClassifier::Architecture, D> {
    using Base = program::NetworkExperiment<MnistClassifier::Architecture, D>;
    using Base::batches_, Base::device_, Base::network_, Base::items;

public:
    using Base::iterations;

    Classification(const program::Options& options, const LabelledImages& data, LabelledImages test)
        : Base(options, data, test, {.learning_rate = 5e-4}), test_(std::move(test)) {}

    void step() override {
        const Minibatch<float> batch = batches_.next();
        const Step step{device_};
        const auto logits = network_(items(batch.pixels));
        const auto labels =
            from_host<Shape<Batch>>(device_, static_cast<int>(batch.labels.size()), batch.labels);
        const auto loss = softmax_cross_entropy(logits, labels);
        this->update(loss);
        this->add_metrics({loss.item(), accuracy(argmax(logits).to_host(), batch.labels)});
    }

    std::vector<double> test() override { return {accuracy(chosen(), test_.labels)}; }

    /// The first misclassified test images; the remaining tiles stay empty.
    io::Image draw() override {
        constexpr std::size_t columns = 10, tiles = columns * columns;
        const std::size_t size = test_.images.sample_size();
        std::vector<float> mistakes;
        for (std::size_t i = 0; i < test_.labels.size() && mistakes.size() < tiles * size; ++i)
            if (chosen()[i] != test_.labels[i])
                for (std::size_t k = i * size; k < (i + 1) * size; ++k)
                    mistakes.push_back(
                        core::from_byte<float>(test_.images.pixels[k], PixelRange::zero_to_one));
        mistakes.resize(tiles * size);
        return grid(mistakes, test_.images.height, test_.images.width, 1,
                    {.columns = columns, .scale = 2, .range = PixelRange::zero_to_one});
    }

    /// Writes the confusion matrix of the test split: a row per true class, a column per predicted class.
    void write_results(const std::filesystem::path& folder) override {
        std::array<std::array<int, classes>, classes> counts{};
        for (std::size_t i = 0; i < test_.labels.size(); ++i)
            ++counts[static_cast<std::size_t>(test_.labels[i])][static_cast<std::size_t>(chosen()[i])];
        std::string text = "class";
        for (std::size_t c = 0; c < classes; ++c) text += ",taken_for_" + std::to_string(c);
        for (std::size_t c = 0; c < classes; ++c) {
            text += '\n' + std::to_string(c);
            for (const int count : counts[c]) text += ',' + std::to_string(count);
        }
        io::write_file(folder / "confusion.csv", text + '\n');
    }

private:
    /// The predicted classes of the test images, cached until the next iteration.
    const std::vector<std::int32_t>& chosen() {
        if (chosen_at_ != iterations()) {
            chosen_.clear();
            this->evaluate(test_.images, [&](const auto&, const auto& logits) {
                const auto some = argmax(logits).to_host();
                chosen_.insert(chosen_.end(), some.begin(), some.end());
            });
            chosen_at_ = iterations();
        }
        return chosen_;
    }

    LabelledImages test_;
    std::vector<std::int32_t> chosen_;
    std::uint64_t chosen_at_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace

int main(int argc, char** argv) {
    program::Program program{.name = "classify_mnist",
                             .description =
                                 "Trains a convolutional classifier on MNIST, Fashion-MNIST or data with the "
                                 "same file names; evaluates it on the test set.",
                             .dataset = program::mnist(),
                             .images = "mistakes",
                             .metrics = {{"loss", "loss", 4, "#7b3fa0"}, {"accuracy", "accuracy", 4}},
                             .test_metrics = {{"accuracy", "test accuracy", 4}}};
    program.recipes = {program::network_recipe<Classification, MnistClassifier::Architecture>(
        "cnn", 2400, 100, program.dataset)};
    return program::run(argc, argv, program);
}
