#include "io/temporary_folder.hpp"
#include "support/catch.hpp"
#include "support/count_allocations.hpp"
#include <gantry/io/safetensors_file.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

using namespace gantry;

namespace {

Safetensors example() {
    Safetensors file;
    const std::vector<float> weight{1, -2, 3.5f, 0, 1e-30f, 6};
    const std::vector<double> moment{0.1, 0.2};
    const std::vector<std::uint64_t> position{~std::uint64_t{0}};
    const std::vector<std::uint8_t> odd{1, 2, 3};
    file.tensors["generator.0.weight"] = io::make_entry({2, 3}, weight);
    file.tensors["a.moment"] = io::make_entry({2}, moment);
    file.tensors["position"] = io::make_entry({}, position);
    file.tensors["an odd number of bytes"] = io::make_entry({3}, odd);
    file.tensors["empty"] = io::make_entry({0, 7}, std::vector<float>{});
    file.metadata["format"] = "pt";
    file.metadata["text"] = "line\n\"quoted\" \xC3\xA9";
    return file;
}

/// Writes a file with this header, its correct length, and `data_bytes` bytes of data.
void put_safetensors(const std::filesystem::path& path, const std::string& header, std::size_t data_bytes) {
    const std::uint64_t length = header.size();
    put_file(path, std::string(reinterpret_cast<const char*>(&length), sizeof length) + header +
                       std::string(data_bytes, '\1'));
}

/// A header entry for a tensor of bytes.
std::string bytes_entry(const std::string& name, const std::string& shape, const std::string& offsets,
                        const std::string& dtype = "U8") {
    return '"' + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" +
           offsets + '}';
}

}  // namespace

TEST_CASE("tensors and metadata are read back unchanged") {
    const TemporaryFolder folder;
    write_safetensors(folder / "a", example());
    CHECK(read_safetensors(folder / "a") == example());
    write_safetensors(folder / "a", {});
    CHECK(read_safetensors(folder / "a") == Safetensors{});
    CHECK(folder.files() == 1);
}

TEST_CASE("values are copied by name, type and size") {
    const Safetensors file = example();
    std::vector<float> weight(6);
    io::copy_values(file, "generator.0.weight", std::span(weight));
    CHECK(weight == std::vector<float>{1, -2, 3.5f, 0, 1e-30f, 6});
    CHECK(is_line_with(error_of([&] { io::copy_values(file, "none", std::span(weight)); }),
                       {"no tensor \"none\""}));
    CHECK(is_line_with(error_of([&] { io::copy_values(file, "a.moment", std::span(weight)); }),
                       {"\"a.moment\" must have 6 values of type F32; got 2 of type F64"}));
    CHECK(is_line_with(
        error_of([&] { io::copy_values(file, "generator.0.weight", std::span(weight).first(5)); }),
        {"must have 5 values"}));
}

TEST_CASE("the header is aligned and every tensor begins at a multiple of its type's size") {
    const TemporaryFolder folder;
    write_safetensors(folder / "a", example());
    const std::string bytes = contents_of(folder / "a");
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    CHECK(length % 8 == 0);
    const auto header = nlohmann::json::parse(bytes.substr(8, length));
    for (const auto& [name, entry] : header.items())
        if (name != "__metadata__")
            CHECK(entry["data_offsets"][0].get<std::size_t>() %
                      io::dtype_size(entry["dtype"].get<std::string>()) ==
                  0);
}

TEST_CASE("an inconsistent tensor is not written") {
    const TemporaryFolder folder;
    Safetensors file = example();
    file.tensors["position"].shape = {2};
    CHECK(
        is_line_with(error_of([&] { write_safetensors(folder / "a", file); }), {"\"position\"", "8 bytes"}));
    file = example();
    file.tensors["position"].dtype = "F33";
    CHECK(is_line_with(error_of([&] { write_safetensors(folder / "a", file); }), {"\"position\"", "F33"}));
    file = example();
    file.tensors["__metadata__"] = file.tensors["position"];
    CHECK(is_line_with(error_of([&] { write_safetensors(folder / "a", file); }), {"__metadata__"}));
    file = example();
    file.tensors["\xFF"] = file.tensors["position"];
    CHECK(is_line_with(error_of([&] { write_safetensors(folder / "a", file); }), {"UTF-8"}));
    CHECK(is_line_with(error_of([] { io::make_entry({2}, std::vector<float>{}); }), {"make_entry"}));
    CHECK(folder.files() == 0);
}

TEST_CASE("a tensor of an unsupported type is an error only if its values are read") {
    const TemporaryFolder folder;
    for (const std::string dtype : {"F8_E4M3", "F8_E5M2", "F8_E8M0", "F4", "C64", "U7", "\\n"}) {
        CAPTURE(dtype);
        put_safetensors(folder / "a",
                        "{" + bytes_entry("x", "[4]", "[0,4]", dtype) + "," +
                            bytes_entry("y", "[2]", "[4,6]", "U8") + "}",
                        6);
        const Safetensors file = read_safetensors(folder / "a");
        std::array<std::uint8_t, 2> y{};
        CHECK_NOTHROW(io::copy_values(file, "y", std::span<std::uint8_t>(y)));
        std::array<float, 4> x{};
        const std::string error = error_of([&] { io::copy_values(file, "x", std::span<float>(x)); });
        CHECK(is_line_with(error, {"tensor \"x\" has the unsupported type ", "convert it"}));
        CHECK(error.find("damaged") == error.npos);
    }
}

TEST_CASE("half-precision conversion matches IEEE 754 and PyTorch bit by bit") {
    CHECK(io::from_half(0x0001) == 0x1p-24f);
    CHECK(io::from_half(0x03FF) == 0x3FFp-24f);
    CHECK(io::from_half(0x0400) == 0x1p-14f);
    CHECK(io::from_half(0x7BFF) == 65504);
    CHECK(io::from_half(0xFBFF) == -65504);
    CHECK(io::from_half(0x7C00) == std::numeric_limits<float>::infinity());
    CHECK(io::from_half(0xFC00) == -std::numeric_limits<float>::infinity());
    CHECK(std::isnan(io::from_half(0x7C01)));
    CHECK(std::signbit(io::from_half(0x8000)));
    // Values of one sign are ordered like their bits.
    for (std::uint16_t bits = 1; bits <= 0x7C00; ++bits)
        if (!(io::from_half(bits) > io::from_half(static_cast<std::uint16_t>(bits - 1)))) FAIL(bits);
    CHECK(io::from_bfloat16(0x7F7F) == 0x1.FEp127f);
    CHECK(io::from_bfloat16(0x0001) == 0x1p-133f);
    CHECK(std::isnan(io::from_bfloat16(0xFFC0)));
}

TEST_CASE("damaged safetensors are one-line errors with the reason") {
    const TemporaryFolder folder;
    const auto refused = [&](const std::string& header, std::size_t data_bytes, std::string_view reason) {
        put_safetensors(folder / "a", header, data_bytes);
        const std::string error = error_of([&] { read_safetensors(folder / "a"); });
        INFO(header << "\n" << error);
        CHECK(is_line_with(error, {"[read_safetensors]", "is damaged", reason}));
        CHECK(error.size() < 400);
    };
    // The helper writes files that can be read.
    put_safetensors(folder / "a", "{" + bytes_entry("x", "[2,2]", "[0,4]") + "}  ", 4);
    REQUIRE(read_safetensors(folder / "a").tensors.at("x").data.size() == 4);

    refused("", 0, "not valid JSON at byte");
    refused("{", 0, "not valid JSON at byte");
    refused("{} {}", 0, "not valid JSON at byte");
    refused("\xFF\n\n", 0, "not valid JSON at byte");
    refused(std::string("{}\0\0", 4), 0, "not valid JSON at byte 3");
    refused("{" + bytes_entry("x", "[1]", "[0,1e999]") + "}", 1, "not valid JSON at byte");
    refused("[]", 0, "must be a JSON object");
    refused("{}", 1, "its data has 1 bytes, its header says 0");
    refused("{" + bytes_entry("x", "[3]", "[0,3]") + "}", 4, "its data has 4 bytes, its header says 3");
    refused("{" + bytes_entry("x", "[5]", "[0,5]") + "}", 4, "outside the file");
    refused("{" + bytes_entry("x", "[4]", "[4,0]") + "}", 4, "outside the file");
    refused("{" + bytes_entry("x", "[3]", "[0,4]") + "}", 4, "do not match its dtype and shape");
    refused("{" + bytes_entry("x", "[1]", "[0,4]", "F64") + "}", 4, "do not match its dtype and shape");
    refused("{" + bytes_entry("x", "[-4]", "[0,4]") + "}", 4, "shape of non-negative integers");
    refused("{" + bytes_entry("x", "[4.0]", "[0,4]") + "}", 4, "shape of non-negative integers");
    refused("{" + bytes_entry("x", "4", "[0,4]") + "}", 4, "shape of non-negative integers");
    refused("{" + bytes_entry("x", "[4]", "[0,4,4]") + "}", 4, "two data_offsets");
    refused("{" + bytes_entry("x", "[4]", "[0,99999999999999999999]") + "}", 4, "two data_offsets");
    // 2^32 * 2^32 and 2^61 * 8 bytes are 0 modulo 2^64.
    refused("{" + bytes_entry("x", "[4294967296,4294967296]", "[0,0]") + "}", 0, "do not match");
    refused("{" + bytes_entry("x", "[2305843009213693952]", "[0,0]", "F64") + "}", 0, "do not match");
    const auto two = [](const std::string& a, const std::string& b) {
        return "{" + bytes_entry("a", "[2]", a) + "," + bytes_entry("b", "[2]", b) + "}";
    };
    refused(two("[0,2]", "[3,5]"), 5, "gap or overlap at byte 3");
    refused(two("[0,2]", "[1,3]"), 3, "gap or overlap at byte 1");
    refused(two("[0,2]", "[0,2]"), 2, "gap or overlap at byte 0");
    refused(two("[1,3]", "[3,5]"), 5, "gap or overlap at byte 1");
    refused("{" + bytes_entry("a", "[2]", "[0,2]") + "," + bytes_entry("a", "[2]", "[2,4]") + "}", 4,
            "\"a\" twice");
    refused(R"({"a":{"dtype":"U8","dtype":"U8","shape":[],"data_offsets":[0,1]}})", 1, "\"dtype\" twice");
    refused(R"({"a":{"dtype":"U8","shape":[]}})", 1, "must have dtype, shape and data_offsets");
    refused(R"({"a":{"dtype":"U8","shape":[],"data_offsets":[0,1],"scale":2}})", 1, "and nothing else");
    refused(R"({"a\nb":3})", 0, "tensor \"a\\x0ab\" must have dtype");
    refused("{\"" + std::string(5000, 'x') + "\":3}", 0, "must have dtype");
    refused(R"({"__metadata__":3})", 0, "must be a JSON object");
    refused(R"({"__metadata__":{"a":3}})", 0, "unlike \"a\"");
    refused(R"({"__metadata__":{"a":"1","a":"2"}})", 0, "\"a\" twice");
    refused(R"({"a":{"b":{"c":{"d":{}}}}})", 0, "nested too deeply");
    refused(std::string(1'000'000, '['), 0, "nested too deeply");
    std::string deep;
    for (int i = 0; i < 200'000; ++i) deep += "{\"a\":";
    refused(deep, 0, "nested too deeply");
}

TEST_CASE("a change of any bit of a file is detected, also in a metadata key") {
    const TemporaryFolder folder;
    write_safetensors(folder / "a", example());
    const std::string whole = contents_of(folder / "a");
    for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
        std::string bytes = whole;
        bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
        put_file(folder / "b", bytes);
        INFO("bit " << bit % 8 << " of byte " << bit / 8 << " of " << whole);
        // A damaged dtype is one that gantry does not know.
        REQUIRE(is_line_with(error_of([&] { read_safetensors(folder / "b"); }), {"[read_safetensors]"}));
    }
}

TEST_CASE("files of other programs have no checksum, and changed files fail the check") {
    const TemporaryFolder folder;
    put_safetensors(folder / "a", R"({"__metadata__":{"format":"pt"}})", 0);
    CHECK(read_safetensors(folder / "a").metadata.at("format") == "pt");
    put_safetensors(folder / "a", R"({"__metadata__":{"gantry.format":"1"}})", 0);
    CHECK(is_line_with(error_of([&] { read_safetensors(folder / "a"); }), {"its checksum does not match"}));
}

TEST_CASE("equal keys in different tensors are not duplicates") {
    const TemporaryFolder folder;
    put_safetensors(folder / "a",
                    "{" + bytes_entry("a", "[0]", "[0,0]") + "," + bytes_entry("b", "[0]", "[0,0]") + "}", 0);
    CHECK(read_safetensors(folder / "a").tensors.size() == 2);
}

TEST_CASE("a header cannot be longer than the file") {
    const TemporaryFolder folder;
    put_file(folder / "a", "1234567");
    CHECK(is_line_with(error_of([&] { read_safetensors(folder / "a"); }), {"it has only 7 bytes"}));
    for (const std::uint64_t length : {std::uint64_t{3}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
        put_file(folder / "a", std::string(reinterpret_cast<const char*>(&length), sizeof length) + "{}");
        CHECK(is_line_with(error_of([&] { read_safetensors(folder / "a"); }),
                           {"claims " + std::to_string(length) + " bytes"}));
    }
    CHECK(is_line_with(error_of([&] { read_safetensors(folder / "none"); }), {"none", "No such file"}));
    CHECK(is_line_with(error_of([&] { read_safetensors(folder.path()); }), {"Is a directory"}));
}

TEST_CASE("a safetensors file with any damage is read or rejected") {
    const TemporaryFolder folder;
    write_safetensors(folder / "a", example());
    const std::string whole = contents_of(folder / "a");
    for (std::size_t size = 0; size < whole.size(); ++size) {
        put_file(folder / "a", whole.substr(0, size));
        REQUIRE(is_line_with(error_of([&] { read_safetensors(folder / "a"); }), {"is damaged"}));
    }
    std::minstd_rand random(1);
    std::size_t refused = 0;
    for (int round = 0; round < 1000; ++round) {
        std::string bytes = whole;
        for (auto flips = 1 + random() % 3; flips > 0; --flips)
            bytes[random() % bytes.size()] = static_cast<char>(random());
        put_file(folder / "a", bytes);
        try {
            read_safetensors(folder / "a");
        } catch (const Error& error) {
            const std::string text = error.what();
            REQUIRE(is_line_with(text, {"is damaged"}));
            ++refused;
        }
    }
    CHECK(refused > 300);  // the other changes hit the data, a name or the metadata
}

TEST_CASE("a safetensors file is read and written completely, or memory runs out") {
    const TemporaryFolder folder;
    write_safetensors(folder / "a", example());
    const std::string whole = contents_of(folder / "a");
    if (!gantry::test::counts_allocations) return;
    CHECK(gantry::test::fail_each_allocation([&] { read_safetensors(folder / "a"); }) > 50);
    const Safetensors file = example();
    CHECK(gantry::test::fail_each_allocation([&] { write_safetensors(folder / "a", file); }) > 50);
    CHECK(contents_of(folder / "a") == whole);
}
