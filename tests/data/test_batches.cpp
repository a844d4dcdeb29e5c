#include "io/temporary_folder.hpp"
#include "support/catch.hpp"
#include <gantry/data/batches.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <type_traits>
#include <vector>

using namespace gantry;

namespace {

/// `count` samples of three pixels; sample i is (i, 255 - i, 7) with label i.
struct Data {
    explicit Data(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            const auto byte = static_cast<std::uint8_t>(i);
            pixels.insert(pixels.end(), {byte, static_cast<std::uint8_t>(255 - byte), std::uint8_t{7}});
            labels.push_back(byte);
        }
    }
    std::vector<std::uint8_t> pixels;
    std::vector<std::int32_t> labels;
};

/// The labels of the next `batches` batches.
template <class T>
std::vector<int> labels_of(Batches<T>& batches, int number) {
    std::vector<int> labels;
    for (int i = 0; i < number; ++i)
        for (const int label : batches.next().labels) labels.push_back(label);
    return labels;
}

/// A scalar whose copies throw once `broken` is set.
struct Fragile {
    static inline std::atomic<bool> broken = false;
    Fragile() = default;
    explicit Fragile(double) {}
    Fragile(const Fragile&) = default;
    Fragile operator/(const Fragile&) const { return {}; }
    Fragile& operator=(const Fragile&) {
        if (broken) throw std::runtime_error("no more copies");
        return *this;
    }
};

}  // namespace

TEMPLATE_TEST_CASE("a batch holds scaled pixels with their labels", "[threads]", float, double) {
    const Data data(256);
    for (const PixelRange range : {PixelRange::minus_one_to_one, PixelRange::zero_to_one}) {
        Batches<TestType> batches(data.pixels, 3, data.labels,
                                  {.batch = 256, .range = range, .seed = Seed{1}});
        const auto batch = batches.next();
        REQUIRE(batch.pixels.size() == 768);
        REQUIRE(batch.labels.size() == 256);
        const auto scaled = [&](int byte) {
            return static_cast<TestType>((range == PixelRange::zero_to_one ? byte : 2 * byte - 255) / 255.0);
        };
        CHECK(scaled(0) == (range == PixelRange::zero_to_one ? 0 : -1));
        CHECK(scaled(255) == 1);
        for (std::size_t i = 0; i < 256; ++i) {
            const int label = batch.labels[i];
            CHECK(batch.pixels[3 * i] == scaled(label));
            CHECK(batch.pixels[3 * i + 1] == scaled(255 - label));
            CHECK(batch.pixels[3 * i + 2] == scaled(7));
        }
    }
}

TEST_CASE("every sample appears once per epoch, even where batches span two epochs", "[threads]") {
    const Data data(10);
    Batches<float> batches(data.pixels, 3, data.labels, {.batch = 4, .seed = Seed{3}});
    const std::vector<int> labels = labels_of(batches, 50);  // 20 epochs
    std::set<std::vector<int>> orders;
    for (auto epoch = labels.begin(); epoch != labels.end(); epoch += 10) {
        CHECK(std::set<int>(epoch, epoch + 10).size() == 10);
        orders.emplace(epoch, epoch + 10);
    }
    CHECK(orders.size() == 20);  // no two epochs have the same order
}

TEST_CASE("all orders of a data set are equally likely", "[threads]") {
    const Data data(4);
    Batches<float> batches(data.pixels, 3, data.labels, {.batch = 4, .seed = Seed{3}});
    std::map<std::vector<int>, int> seen;
    constexpr int epochs = 24 * 200;
    for (int epoch = 0; epoch < epochs; ++epoch) ++seen[labels_of(batches, 1)];
    REQUIRE(seen.size() == 24);
    double chi_squared = 0;
    for (const auto& [order, times] : seen) chi_squared += (times - 200.0) * (times - 200.0) / 200.0;
    CHECK(chi_squared < 49.7);  // 23 degrees of freedom: p = 0.001
}

TEST_CASE("the order depends on the seed alone", "[threads]") {
    const Data data(50);
    const auto order = [&](Seed seed, std::size_t batch, int number) {
        Batches<float> batches(data.pixels, 3, data.labels, {.batch = batch, .seed = seed});
        return labels_of(batches, number);
    };
    CHECK(order(Seed{1}, 10, 30) == order(Seed{1}, 10, 30));
    CHECK(order(Seed{1}, 10, 30) == order(Seed{1}, 20, 15));
    CHECK(order(Seed{1}, 10, 30) != order(Seed{2}, 10, 30));
}

TEST_CASE("the order of a seed never changes") {
    io::ShuffledOrder order(7, Seed{5});
    const auto epoch = [&](std::uint64_t number) {
        std::vector<std::uint32_t> items;
        for (std::uint64_t i = 0; i < 7; ++i) items.push_back(order.sample(7 * number + i));
        return items;
    };
    // Computed in Python from the definition of Philox.
    CHECK(epoch(0) == std::vector<std::uint32_t>{5, 6, 0, 3, 4, 1, 2});
    CHECK(epoch(1) == std::vector<std::uint32_t>{4, 2, 0, 6, 5, 1, 3});
    CHECK(epoch(2) == std::vector<std::uint32_t>{1, 4, 6, 5, 0, 3, 2});
    CHECK(epoch(1'000'000'007) == std::vector<std::uint32_t>{0, 6, 5, 3, 2, 1, 4});
}

TEST_CASE("a seek continues as if that many batches had been served", "[threads]") {
    const Data data(10);
    const BatchOptions options{.batch = 4, .seed = Seed{3}};
    Batches<float> whole(data.pixels, 3, data.labels, options);
    const std::vector<int> labels = labels_of(whole, 40);
    CHECK(whole.position() == 40);

    Batches<float> batches(data.pixels, 3, data.labels, options);
    for (const int position : {0, 33, 2, 3, 3, 17, 16, 0, 39}) {
        batches.seek(static_cast<std::uint64_t>(position));
        CHECK(batches.position() == static_cast<std::uint64_t>(position));
        CHECK(labels_of(batches, 1) ==
              std::vector<int>(labels.begin() + 4 * position, labels.begin() + 4 * position + 4));
    }
    // In quick succession, so that a seek meets the background thread at work.
    for (int round = 0; round < 500; ++round) {
        batches.seek(static_cast<std::uint64_t>(round % 7));
        batches.seek(static_cast<std::uint64_t>(round % 40));
        const int position = round % 40;
        REQUIRE(labels_of(batches, 1) ==
                std::vector<int>(labels.begin() + 4 * position, labels.begin() + 4 * position + 4));
    }
}

TEST_CASE("a batch does not change until the next one is requested", "[threads]") {
    const Data data(100);
    Batches<float> batches(data.pixels, 3, data.labels, {.batch = 50, .seed = Seed{3}});
    std::set<const float*> places;
    for (int round = 0; round < 200; ++round) {
        const auto batch = batches.next();
        const std::vector<float> copy(batch.pixels.begin(), batch.pixels.end());
        std::this_thread::sleep_for(std::chrono::microseconds(50));
        REQUIRE(std::equal(copy.begin(), copy.end(), batch.pixels.begin()));
        places.insert(batch.pixels.data());
    }
    CHECK(places.size() == 2);  // only two buffers, forever
}

TEST_CASE("a data set need not have labels", "[threads]") {
    const Data data(10);
    Batches<float> batches(data.pixels, 3, {}, {.batch = 4});
    CHECK(batches.next().labels.empty());
    CHECK(batches.next().pixels.size() == 12);
}

TEST_CASE("batches of a loaded data set", "[threads]") {
    const Data data(12);
    const LabelledImages images{{12, 1, 3, 1, data.pixels}, data.labels};
    Batches<float> batches(images, {.batch = 4, .seed = Seed{3}});
    Batches<float> same(data.pixels, 3, data.labels, {.batch = 4, .seed = Seed{3}});
    CHECK(batches.count() == 12);
    CHECK(batches.sample_size() == 3);
    CHECK(labels_of(batches, 9) == labels_of(same, 9));
    CHECK_FALSE(std::is_constructible_v<Batches<float>, LabelledImages&&, BatchOptions>);
}

TEST_CASE("batches can be destroyed at any moment", "[threads]") {
    const Data data(200);
    for (int round = 0; round < 200; ++round) {
        Batches<float> batches(data.pixels, 3, data.labels, {.batch = 100, .seed = Seed{3}});
        for (int i = 0; i < round % 4; ++i) batches.next();
    }
}

TEST_CASE("an error on the background thread reaches the caller", "[threads]") {
    const std::vector<std::uint8_t> pixels(4);
    Batches<Fragile> batches(pixels, 1, {}, {.batch = 1});
    batches.next();
    Fragile::broken = true;
    const auto go_on = [&] {
        for (int i = 0; i < 4; ++i) batches.next();  // some may be prepared already
    };
    CHECK_THROWS_AS(go_on(), std::runtime_error);
    CHECK_THROWS_AS(batches.next(), std::runtime_error);  // again, without deadlock
}

TEST_CASE("invalid options of batches are errors") {
    const Data data(10);
    const auto error = [&](std::size_t sample_size, std::size_t labels, std::size_t batch) {
        return error_of([&] {
            Batches<float>(data.pixels, sample_size, std::span(data.labels).first(labels), {.batch = batch});
        });
    };
    CHECK(is_line_with(error(3, 10, 11), {"[batches]", "a batch of 11 from 10 samples"}));
    CHECK(is_line_with(error(3, 10, 0), {"[batches]", "batch size must be at least 1"}));
    CHECK(is_line_with(error(3, 9, 5), {"[batches]", "10 samples and 9 labels"}));
    CHECK(is_line_with(error(4, 0, 5), {"[batches]", "30 values in samples of 4"}));
    CHECK(is_line_with(error(0, 0, 5), {"[batches]", "30 values in samples of 0"}));
}
