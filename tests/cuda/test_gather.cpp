#include "cuda/placed.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

using namespace gantry;
using namespace gantry::test;

TEMPLATE_TEST_CASE("cuda: samples gathered from bytes are bitwise equal to the CPU's", "", float, double) {
    using T = TestType;
    Cuda device;
    Cpu cpu;
    for (const std::size_t sample_size : {1, 3, 4, 12, 33, 784, 1031}) {
        const std::size_t items = 50;
        std::vector<std::uint8_t> bytes(items * sample_size);
        for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + i / 97);
        for (const std::size_t count :
             {std::size_t{1}, std::size_t{5}, contracts::GatherSamplesParameters<T>::most}) {
            CAPTURE(sample_size, count);
            const auto run = [&](auto& d, std::size_t x_offset, std::size_t y_offset) {
                const Placed x(d, bytes, x_offset);
                const Placed y(d, std::vector<T>(count * sample_size, T(NAN)), y_offset);
                contracts::GatherSamplesParameters<T> p{
                    count, sample_size, x.data(), y.data(), PixelRange::minus_one_to_one, {}};
                for (std::size_t i = 0; i < count; ++i)
                    p.samples[i] = static_cast<std::uint32_t>(i * 17 % items);
                p.samples[0] = items - 1;  // the last bytes of the data
                launch(d, p);
                return y.to_host();
            };
            const auto expected = run(cpu, 0, 0);
            CHECK(same_bits(run(device, 0, 0), expected));
            CHECK(same_bits(run(device, 1, 0), expected));
            CHECK(same_bits(run(device, 0, 1), expected));
        }
    }
}

TEMPLATE_TEST_CASE("cuda: values are gathered from any index", "", float, double) {
    using T = TestType;
    Cuda device;
    const Placed x(device, std::vector<T>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    for (const std::size_t count : {0, 1, 3, 8}) {
        const Placed y(device, std::vector<T>(9, T(-1)));
        contracts::GatherScalarsParameters<T> p{count, {}, y.data()};
        std::vector<T> expected(9, T(-1));
        for (std::size_t i = 0; i < count; ++i) {
            p.from[i] = x.data() + i * 7 % 10;
            expected[i] = static_cast<T>(i * 7 % 10);
        }
        launch(device, p);
        CHECK(y.to_host() == expected);
    }
}
