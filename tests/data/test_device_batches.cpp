#include "support/catch.hpp"
#include "support/devices.hpp"
#include <gantry/data/batches.hpp>
#include <gantry/data/device_batches.hpp>

#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

using namespace gantry;
using namespace gantry::test;

namespace {

using Item = Shape<Batch, 7>;

std::vector<std::uint8_t> bytes(std::size_t items) {
    std::vector<std::uint8_t> pixels(items * Item::sample_size);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
    return pixels;
}

template <class T, class D>
std::vector<T> numbers(D& device, DeviceBatches<Item, T, D>& batches) {
    const Step step{device};
    return batches.next().pixels.to_host();
}

}  // namespace

TEMPLATE_TEST_CASE("Batches converted on a device equal those of the background thread", "",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    const auto same_at = [&]<class T>(DataPlacement placement, const T&, std::size_t items,
                                      BatchOptions options) {
        options.placement = placement;
        const auto pixels = bytes(items);
        DeviceBatches<Item, T, TestType> batches(device, pixels, options);
        // Host memory is the device's memory: there is nothing to stream.
        CHECK(batches.streamed() == (TestType::asynchronous && placement == DataPlacement::streamed));
        Batches<T> expected(pixels, Item::sample_size, {}, options);
        for (int i = 0; i < 5; ++i) {
            const auto batch = expected.next().pixels;
            CHECK(numbers(device, batches) == std::vector<T>(batch.begin(), batch.end()));
        }
        CHECK(batches.position() == 5);
        batches.seek(2);
        expected.seek(2);
        const auto batch = expected.next().pixels;
        CHECK(numbers(device, batches) == std::vector<T>(batch.begin(), batch.end()));
        CHECK(batches.position() == 3);
    };
    const auto same = [&](const auto& scalar, std::size_t items, const BatchOptions& options) {
        same_at(DataPlacement::resident, scalar, items, options);
        same_at(DataPlacement::streamed, scalar, items, options);
    };
    same(float(), 10, {.batch = 4, .seed = Seed{3}});  // epochs end within batches
    same(double(), 10, {.batch = 4, .range = PixelRange::zero_to_one, .seed = Seed{4}});
    same(float(), 600, {.batch = 515, .range = PixelRange::zero_to_one});  // more than one launch
}

TEMPLATE_TEST_CASE("Labels arrive on the device with their images", "", GANTRY_TEST_DEVICES) {
    TestType device;
    const auto pixels = bytes(600);
    std::vector<std::int32_t> labels;
    for (int i = 0; i < 600; ++i) labels.push_back(i * 1000);
    for (const auto placement : {DataPlacement::resident, DataPlacement::streamed}) {
        const BatchOptions options{.batch = 515, .seed = Seed{3}, .placement = placement};
        DeviceBatches<Item, float, TestType> batches(device, pixels, labels, options);
        Batches<float> expected(pixels, Item::sample_size, labels, options);
        for (const int position : {0, 1, 2, 0}) {
            if (position == 0) {
                batches.seek(0);
                expected.seek(0);
            }
            const Step step{device};
            const auto batch = batches.next();
            const auto host = expected.next();
            REQUIRE(batch.labels.has_value());
            CHECK(batch.labels->to_host() ==
                  std::vector<std::int32_t>(host.labels.begin(), host.labels.end()));
            CHECK(batch.pixels.to_host() == std::vector<float>(host.pixels.begin(), host.pixels.end()));
        }
    }
    const Step step{device};
    CHECK_FALSE(DeviceBatches<Item, float, TestType>(device, pixels, {.batch = 5}).next().labels);
    CHECK_THROWS_WITH(
        (DeviceBatches<Item, float, TestType>(device, pixels, std::span(labels).first(599), {.batch = 5})),
        contains("600 samples and 599 labels"));
}

TEST_CASE("Every byte is converted to the nearest value", "") {
    for (int byte = 0; byte < 256; ++byte) {
        const auto b = static_cast<std::uint8_t>(byte);
        CHECK(core::from_byte<float>(b, PixelRange::zero_to_one) == static_cast<float>(byte / 255.0L));
        CHECK(core::from_byte<float>(b, PixelRange::minus_one_to_one) ==
              static_cast<float>(byte / 127.5L - 1));
        CHECK(core::from_byte<double>(b, PixelRange::minus_one_to_one) ==
              static_cast<double>((2 * byte - 255) / 255.0L));
    }
}

TEMPLATE_TEST_CASE("Invalid options of batches on a device are errors", "", GANTRY_TEST_DEVICES) {
    TestType device;
    const auto make = [&](std::size_t values, std::size_t batch) {
        const std::vector<std::uint8_t> pixels(values);
        DeviceBatches<Item, float, TestType>(device, pixels, {.batch = batch});
    };
    CHECK_THROWS_WITH(make(70, 11), contains("a batch of 11 from 10 samples"));
    CHECK_THROWS_WITH(make(70, 0), contains("batch size must be at least 1"));
    CHECK_THROWS_WITH(make(71, 5), contains("71 values in samples of 7"));
    using Made = DeviceBatches<Item, float, TestType>;  // a temporary would die before the first batch
    CHECK_FALSE(std::is_constructible_v<Made, TestType&, std::vector<std::uint8_t>, BatchOptions>);
}
