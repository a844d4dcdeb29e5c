#include "support/catch.hpp"
#include "support/devices.hpp"
#include <gantry/gantry.hpp>

#include <vector>

using namespace gantry;

namespace {

/// Adds a row of two values, 10 i and 10 i + 1.
template <class D>
void log_row(D& device, ScalarLog<float, D>& log, int i) {
    log.begin_row();
    const Step step{device};
    log.add(filled<Shape<>>(device, 0, 10.0 * i), filled<Shape<>>(device, 0, 10.0 * i + 1));
    log.end_row();
}

using Rows = std::vector<std::vector<float>>;

}  // namespace

TEMPLATE_TEST_CASE("A log returns the rows that have not been taken, oldest first", "", GANTRY_TEST_DEVICES) {
    TestType device;
    ScalarLog<float, TestType> log(device, 2, 3);
    CHECK(log.take().empty());
    log_row(device, log, 1);
    log_row(device, log, 2);
    CHECK(log.take() == Rows{{10, 11}, {20, 21}});
    CHECK(log.take().empty());
    for (int i = 3; i <= 5; ++i) log_row(device, log, i);
    CHECK(log.take() == Rows{{30, 31}, {40, 41}, {50, 51}});
    for (int i = 6; i <= 12; ++i) log_row(device, log, i);
    CHECK(log.take() == Rows{{100, 101}, {110, 111}, {120, 121}});  // the last rows that fit
}

TEMPLATE_TEST_CASE("A row can be added in parts, and an incomplete one is discarded", "",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    ScalarLog<float, TestType> log(device, 3, 1);
    const auto add = [&](auto... numbers) {
        const Step step{device};
        log.add(filled<Shape<>>(device, 0, numbers)...);
    };
    log.begin_row();
    add(1.0, 2.0);
    add(3.0);
    log.end_row();
    log.begin_row();
    add(4.0, 5.0);  // as after an exception
    CHECK(log.take() == Rows{{1, 2, 3}});
    log.begin_row();
    add(6.0, 7.0, 8.0);
    log.end_row();
    CHECK(log.take() == Rows{{6, 7, 8}});
}

TEMPLATE_TEST_CASE("A row must be complete", "", GANTRY_TEST_DEVICES) {
    TestType device;
    ScalarLog<float, TestType> log(device, 2, 1);
    const Step step{device};
    const auto one = filled<Shape<>>(device, 0, 1);
    CHECK_THROWS_WITH(log.add(one, one, one), "[ScalarLog] a row must have one value per column; got 3 of 2");
    log.add(one);
    CHECK_THROWS_WITH(log.end_row(), "[ScalarLog] a row must have one value per column; got 1 of 2");
}
