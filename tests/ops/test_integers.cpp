#include "support/op_check.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

namespace gantry::test {
namespace {

using Integers = std::vector<std::int32_t>;
template <class D>
inline constexpr bool checks_indices = !D::asynchronous;  // kernels of a GPU cannot fail

/// 0, 3, 2, 1, 0, ... below `below`.
Integers indices(int count, int below) {
    Integers numbers;
    for (int i = 0; i < count; ++i) numbers.push_back((below - 1) * i % below);
    return numbers;
}
/// The device of a tensor of any kind.
template <class X>
auto& device_of(const X& x) {
    return *x.value().device;
}

}  // namespace

TEMPLATE_TEST_CASE("embedding and gather", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Shape<4, 6>>(
        "embedding",
        [](const auto& table) {
            return square(embedding(table, from_host<Shape<Batch>>(device_of(table), 7, indices(7, 4))));
        },
        {.singles = Singles::not_checked});
    check_op<D, Shape<4, 2, 3>>(
        "embedding: of images",
        [](const auto& table) {
            return square(embedding(table, from_host<Shape<Batch, 5>>(device_of(table), 2, indices(10, 4))));
        },
        {.singles = Singles::not_checked});
    check_op<D, Shape<Batch, 4>>("gather", [](const auto& x) {
        const int batch = x.value().extents.first();
        return square(
            gather(x, from_host<Shape<Batch>>(device_of(x), batch, Integers(std::size_t(batch), 2))));
    });
    check_op<D, Shape<Batch, 3, 8>>("gather: several", [](const auto& x) {
        const int batch = x.value().extents.first();
        Integers index;  // the same for each sample
        for (int i = 0; i < batch; ++i) index.insert(index.end(), {2, 0, 2, 1});
        return square(gather(x, from_host<Shape<Batch, 4>>(device_of(x), batch, index)));
    });
}

TEMPLATE_TEST_CASE("values of embedding, gather, one_hot and argmax", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    using Numbers = std::vector<float>;
    const auto table = variable(from_host<Shape<3, 2>>(device, 0, Numbers{1, 2, 3, 4, 5, 6}));
    const auto labels = from_host<Shape<Batch>>(device, 4, Integers{2, 0, 2, 2});
    const auto rows = embedding(table, labels);
    CHECK(rows.to_host() == Numbers{5, 6, 1, 2, 5, 6, 5, 6});
    CHECK(grad(sum(rows), table).to_host() == Numbers{1, 1, 0, 0, 3, 3});
    const auto x = from_host<Shape<Batch, 3>>(device, 4, Numbers{1, 2, 3, 9, 5, 6, 7, 8, 9, 0, 1, 2});
    CHECK(gather(x, labels).to_host() == Numbers{3, 9, 9, 2});
    const auto two = from_host<Shape<Batch, 2>>(device, 4, Integers{0, 2, 1, 1, 2, 0, 0, 0});
    CHECK(gather(x, two).to_host() == Numbers{1, 3, 5, 5, 9, 7, 0, 0});
    CHECK(one_hot<3>(labels).to_host() == Numbers{0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 1});
    CHECK(one_hot<3, double>(two).to_host().size() == 24);
    CHECK(argmax(x).to_host() == Integers{2, 0, 2, 2});
    CHECK(argmax(one_hot<3>(two)).to_host() == two.to_host());
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const auto special = from_host<Shape<Batch, 3>>(device, 3, Numbers{4, 4, 1, 1, nan, 2, -1, 0, nan});
    CHECK(argmax(special).to_host() == Integers{0, 1, 2});
    // More than 256 classes, more indices than a block has threads.
    const auto many = from_host<Shape<Batch>>(device, 700, indices(700, 1000));
    CHECK(argmax(one_hot<1000>(many)).to_host() == many.to_host());
}

TEMPLATE_TEST_CASE("integers are moved like other tensors", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    PersistentTensor<Shape<Batch, 4>, std::int32_t, TestType> kept = [&] {
        const Step step{device};
        return PersistentTensor(from_host<Shape<Batch, 4>>(device, 2, Integers{1, 2, 3, 4, 5, 6, 7, 8}));
    }();
    const Step step{device};
    const auto x = kept.get();
    CHECK(reshape<Shape<Batch, 2, 2>>(x).to_host() == x.to_host());
    CHECK(slice<1, 2>(x).to_host() == Integers{2, 3, 6, 7});
    CHECK(concatenate(slice<0, 1>(x), slice<3, 1>(x)).to_host() == Integers{1, 4, 5, 8});
    CHECK(concatenate_batch(x, x).to_host() == Integers{1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8});
    CHECK(filled<Shape<Batch>, std::int32_t>(device, 3, 7).to_host() == Integers{7, 7, 7});
}

TEMPLATE_TEST_CASE("random integers", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    RandomStream stream(Seed{3}, "labels"), same(Seed{3}, "labels");
    const auto numbers = uniform_integers<Shape<Batch>>(device, 1001, stream, 10).to_host();
    std::vector<int> counts(10);
    for (const auto number : numbers) {
        REQUIRE((number >= 0 && number < 10));
        ++counts[std::size_t(number)];
    }
    for (const int count : counts) CHECK((count > 60 && count < 140));
    CHECK(numbers != uniform_integers<Shape<Batch>>(device, 1001, stream, 10).to_host());
    EigenCpu reference;
    const Step reference_step{reference};
    CHECK(numbers == uniform_integers<Shape<Batch>>(reference, 1001, same, 10).to_host());
    CHECK(uniform_integers<Shape<Batch>>(device, 9, stream, 1).to_host() == Integers(9, 0));
    CHECK_THROWS_WITH(uniform_integers<Shape<Batch>>(device, 9, stream, 0),
                      contains("[uniform_integers] there must be at least one integer"));
}

TEMPLATE_TEST_CASE("an index out of range is an error, or NaN on a GPU", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto table = variable(filled<Shape<3, 2>>(device, 0, 1));
    for (const std::int32_t wrong : {3, -1, std::numeric_limits<std::int32_t>::max()}) {
        CAPTURE(wrong);
        const auto labels = from_host<Shape<Batch>>(device, 2, Integers{1, wrong});
        const auto x = filled<Shape<Batch, 3>>(device, 2, 1);
        if constexpr (checks_indices<TestType>) {
            const std::string text =
                "every index must be at least 0 and less than the number of classes or rows; got " +
                std::to_string(wrong) + " of 3";
            CHECK_THROWS_WITH(embedding(table, labels), "[embedding or gather] " + text);
            CHECK_THROWS_WITH(gather(x, labels), "[embedding or gather] " + text);
            CHECK_THROWS_WITH(one_hot<3>(labels), "[one_hot] " + text);
            CHECK_THROWS_WITH(softmax_cross_entropy(x, labels), "[one_hot] " + text);
        } else {
            const auto is_nan = [](float number) { return std::isnan(number); };
            const auto rows = embedding(table, labels);
            const auto numbers = rows.to_host();
            CHECK((!is_nan(numbers[0]) && is_nan(numbers[2]) && is_nan(numbers[3])));
            CHECK(is_nan(gather(x, labels).to_host()[1]));
            CHECK(is_nan(one_hot<3>(labels).to_host()[5]));
            CHECK(is_nan(softmax_cross_entropy(x, labels).item()));
            CHECK(grad(sum(rows), table).to_host() == std::vector<float>{0, 0, 1, 1, 0, 0});
        }
    }
}

TEMPLATE_TEST_CASE("softmax_cross_entropy takes labels", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = variable(from_host<Shape<Batch, 3>>(device, 2, std::vector<float>{1, 2, 3, 0, -1, 4}));
    const auto loss = softmax_cross_entropy(x, from_host<Shape<Batch>>(device, 2, Integers{2, 1}));
    const auto same =
        softmax_cross_entropy(x, from_host<Shape<Batch, 3>>(device, 2, std::vector<float>{0, 0, 1, 0, 1, 0}));
    CHECK(loss.item() == same.item());
    CHECK(grad(loss, x).to_host() == grad(same, x).to_host());
}

TEMPLATE_TEST_CASE("errors of indices", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    D device, another_device;
    Integers numbers{0, 1, 2};
    const auto stale = [&] {
        const Step step{device};
        return from_host<Shape<Batch>>(device, 3, numbers);
    }();
    auto kept = [&] {
        const Step step{device};
        return PersistentTensor(from_host<Shape<Batch>>(device, 3, numbers));
    }();
    const Step step{device};
    const auto table = variable(filled<Shape<3, 2>>(device, 0, 1));
    const auto x = filled<Shape<Batch, 3>>(device, 2, 1);
    CHECK_THROWS_WITH(embedding(table, stale), contains("valid until the end of the step"));
    CHECK_THROWS_WITH(one_hot<3>(stale), contains("valid until the end of the step"));
    const auto numbers_of_step = [&] {
        const Step inner{another_device};
        return filled<Shape<Batch, 3>>(another_device, 2, 1);
    }();
    CHECK_THROWS_WITH(argmax(numbers_of_step), contains("valid until the end of the step"));
    CHECK_THROWS_WITH(gather(x, kept.get()),
                      "[gather] the tensor and the index must have the same batch size; got (2, 3) and (3)");
    const Step another_step{another_device};
    CHECK_THROWS_WITH(embedding(table, from_host<Shape<Batch>>(another_device, 3, numbers)),
                      "[gather] the inputs of an op must be on the same device object");
    // Overwritten indices would give the gradient of other rows.
    const auto loss = sum(embedding(table, kept.get()));
    kept = from_host<Shape<Batch>>(device, 3, Integers{2, 2, 2});
    CHECK_THROWS_WITH(grad(loss, table), contains("a PersistentTensor must not be updated between"));
}

}  // namespace gantry::test
