#include "io/temporary_folder.hpp"
#include "support/catch.hpp"
#include <gantry/io/csv.hpp>

#include <cmath>
#include <limits>
#include <vector>

using namespace gantry;

TEST_CASE("a log writes its rows immediately, and numbers are read back bit for bit") {
    const TemporaryFolder folder;
    CsvLog log(folder / "a.csv", "iteration,loss,rate");
    log.row(1, std::vector{0.1, 1e-300});
    CHECK(contents_of(folder / "a.csv") == "iteration,loss,rate\n1,0.1,1e-300\n");
    log.row(2,
            std::vector{std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity()});
    log.row(3, std::vector{1.0 / 3, 2.0 / 3});

    const io::CsvTable table = read_csv(folder / "a.csv");
    CHECK(table.names == std::vector<std::string>{"iteration", "loss", "rate"});
    REQUIRE(table.columns.size() == 3);
    CHECK(table.columns[0] == std::vector<double>{1, 2, 3});
    CHECK(std::isnan(table.columns[1][1]));
    CHECK(table.columns[2][1] == -std::numeric_limits<double>::infinity());
    CHECK(table.columns[1][2] == 1.0 / 3);
    CHECK(table.columns[2][2] == 2.0 / 3);
}

TEST_CASE("a resumed log equals the log of an uninterrupted run") {
    const TemporaryFolder folder;
    const auto run = [](CsvLog& log, std::uint64_t from, std::uint64_t to) {
        for (std::uint64_t i = from; i <= to; ++i) log.row(i, std::vector{1.0 / static_cast<double>(i)});
    };
    {
        CsvLog log(folder / "whole.csv", "iteration,loss");
        run(log, 1, 12);
    }
    const std::string whole = contents_of(folder / "whole.csv");

    // Interrupted at any byte, not only between rows, with the last checkpoint at iteration 5 (or before the
    // first row).
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        put_file(folder / "a.csv", whole.substr(0, size));
        const io::CsvTable rest =
            size > 16 && whole[size - 1] == '\n' ? read_csv(folder / "a.csv") : io::CsvTable{};
        const std::size_t rows = static_cast<std::size_t>(
            std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size), '\n'));
        const std::uint64_t checkpoint = std::min<std::uint64_t>(5, rows > 0 ? rows - 1 : 0);
        {
            CsvLog log = CsvLog::resume(folder / "a.csv", "iteration,loss", checkpoint);
            run(log, checkpoint + 1, 12);
        }
        REQUIRE(contents_of(folder / "a.csv") == whole);
    }

    std::filesystem::remove(folder / "a.csv");
    {
        CsvLog log = CsvLog::resume(folder / "a.csv", "iteration,loss", 0);
        run(log, 1, 12);
    }
    CHECK(contents_of(folder / "a.csv") == whole);
}

TEST_CASE("a log that does not match is not continued") {
    const TemporaryFolder folder;
    put_file(folder / "a.csv", "iteration,other\n1,2\n");
    CHECK(is_line_with(error_of([&] { CsvLog::resume(folder / "a.csv", "iteration,loss", 3); }),
                       {"a.csv", "iteration,loss", "resume in another folder"}));
    put_file(folder / "a.csv", "iteration,loss\n1,2\nx,2\n3,3\n");
    CHECK(is_line_with(error_of([&] { CsvLog::resume(folder / "a.csv", "iteration,loss", 3); }), {"row 2"}));
    CHECK(contents_of(folder / "a.csv") == "iteration,loss\n1,2\nx,2\n3,3\n");
}

TEST_CASE("missing rows of a resumed log are named, and a log can begin later") {
    const TemporaryFolder folder;
    const auto resumed = [&](const std::string& rows, std::uint64_t iteration,
                             CsvLog::Rows kind = CsvLog::Rows::each) {
        put_file(folder / "a.csv", rows);
        return error_of([&] { CsvLog::resume(folder / "a.csv", "iteration,loss", iteration, kind); });
    };
    const std::string three = "iteration,loss\n1,1\n2,1\n3,1\n";
    CHECK(resumed(three, 3) == "");
    CHECK(is_line_with(resumed(three, 7), {"lacks the rows of iterations 4 to 7", "or move it away"}));
    CHECK(is_line_with(resumed("iteration,loss\n", 7), {"lacks the rows of iterations 1 to 7"}));
    CHECK(is_line_with(resumed("itera", 7), {"lacks the rows of iterations 1 to 7"}));
    CHECK(is_line_with(resumed("iteration,loss\n1,1\n4,1\n", 4), {"lacks the rows of iterations 2 to 4"}));
    CHECK(resumed("iteration,loss\n5,1\n6,1\n", 6) == "");
    CHECK(resumed("iteration,loss\n2,1\n4,1\n", 5, CsvLog::Rows::some) == "");
    for (const std::string row : {"2", "2,", "2,x", "2,1,1", "1,1", "x,1"})
        for (const CsvLog::Rows kind : {CsvLog::Rows::each, CsvLog::Rows::some}) {
            CAPTURE(row);
            CHECK(is_line_with(resumed("iteration,loss\n1,1\n" + row + "\n3,1\n", 3, kind),
                               {"is damaged: row 2"}));
        }
}

TEST_CASE("a full disk is a one-line error of a log") {
    CHECK(is_line_with(error_of([] { CsvLog("/dev/full", "iteration,loss"); }), {"No space left on device"}));
}

TEST_CASE("the error of a damaged table names the row") {
    const TemporaryFolder folder;
    for (const std::string_view row : {"3", "3,", "3,x", "3,4,5", "3,4 ", ""}) {
        put_file(folder / "a.csv", "iteration,loss\n1,2\n" + std::string(row) + "\n");
        CHECK(is_line_with(error_of([&] { read_csv(folder / "a.csv"); }), {"a.csv", "row 2"}));
    }
}
