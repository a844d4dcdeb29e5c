#pragma once
#include <gantry/core/error.hpp>
#include <gantry/io/atomic_file.hpp>
#include <gantry/io/file.hpp>
#include <gantry/io/json.hpp>
#include <gantry/io/safetensors.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <zlib.h>

namespace gantry {

namespace detail {

// Metadata keys that gantry adds to every file and removes on reading. There are two, so that a file with one
// damaged key is not mistaken for a file of another program, which has no checksum.
inline constexpr const char *format_key = "gantry.format", *checksum_key = "gantry.checksum";

/// CRC-32 of a file's contents, in hexadecimal: names, dtypes, shapes, data and metadata, independent of
/// their order in the file.
inline std::string checksum(const std::map<std::string, io::TensorEntry>& tensors,
                            const std::map<std::string, std::string>& metadata) {
    uLong sum = 0;
    const auto add = [&](std::span<const std::byte> bytes) {
        const std::uint64_t size = bytes.size();  // distinguishes "ab", "c" from "a", "bc"
        sum = crc32_z(sum, reinterpret_cast<const Bytef*>(&size), sizeof size);
        if (size != 0) sum = crc32_z(sum, reinterpret_cast<const Bytef*>(bytes.data()), size);
    };
    const auto add_text = [&](std::string_view text) { add(std::as_bytes(std::span(text))); };
    for (const auto& [name, entry] : tensors) {
        add_text(name);
        add_text(entry.dtype);
        add(std::as_bytes(std::span(entry.shape)));
        add(entry.data);
    }
    for (const auto& [key, text] : metadata) {
        add_text(key);
        add_text(text);
    }
    std::array<char, 8> digits;
    const auto end = std::to_chars(digits.begin(), digits.end(), sum, 16).ptr;
    return {digits.begin(), end};
}

// clang-format off
/// Reads a safetensors file (https://github.com/huggingface/safetensors, "Format"):
///     8 bytes     length of the header, little-endian
///     header      JSON: {"name": {"dtype", "shape", "data_offsets": [begin, end]}, ...,
///                        "__metadata__": {"key": "text", ...}}
///     data        without gaps
/// Everything in the file is validated before it is used.
// clang-format on
class SafetensorsReader {
public:
    explicit SafetensorsReader(const std::filesystem::path& path) : file_(path, io::File::Mode::read) {}

    Safetensors read() {
        const JsonObject header = read_header();
        Safetensors result;
        std::map<std::pair<std::size_t, std::size_t>, std::vector<io::TensorEntry*>> places;
        for (const auto& [name, value] : header) {
            if (name == "__metadata__") {
                read_metadata(value, result);
                continue;
            }
            io::TensorEntry& entry = result.tensors[name];
            places[read_entry(name, value, entry)].push_back(&entry);
        }
        std::size_t end_of_last = 0;
        for (const auto& [place, entries] : places) {
            const auto [begin, end] = place;
            require(begin == end_of_last && (begin == end || entries.size() == 1),
                    "the tensors' data_offsets leave a gap or overlap at byte " + std::to_string(begin));
            end_of_last = end;
        }
        require(end_of_last == data_size_, "its data has " + std::to_string(data_size_) +
                                               " bytes, its header says " + std::to_string(end_of_last));
        for (const auto& [place, entries] : places)
            for (io::TensorEntry* entry : entries) {
                entry->data.resize(place.second - place.first);
                file_.read(entry->data);
            }
        check_checksum(result);
        return result;
    }

private:
    void require(bool condition, const std::string& what) const {
        if (!condition) fail("read_safetensors", file_.path().string() + " is damaged: " + what);
    }

    /// Verifies and removes gantry's own metadata, if the file has them.
    void check_checksum(Safetensors& file) const {
        const auto checksum = file.metadata.extract(checksum_key);
        if (checksum.empty() && !file.metadata.contains(format_key)) return;
        require(!checksum.empty() && checksum.mapped() == detail::checksum(file.tensors, file.metadata),
                "its checksum does not match its contents");
        file.metadata.erase(format_key);
    }

    JsonObject read_header() {
        constexpr std::size_t largest_header = 100'000'000;  // as in the reference implementation
        const std::size_t size = file_.size();
        std::uint64_t length = 0;
        require(size >= sizeof length, "it has only " + std::to_string(size) + " bytes");
        file_.read(std::as_writable_bytes(std::span(&length, 1)));
        data_size_ = size - sizeof length;
        require(length <= data_size_ && length <= largest_header,
                "its header claims " + std::to_string(length) + " bytes");
        data_size_ -= length;
        std::string text(length, '\0');
        file_.read(std::as_writable_bytes(std::span(text)));
        const std::size_t zero = text.find('\0');  // the parser would stop there without an error
        require(zero == text.npos, "its header is not valid JSON at byte " + std::to_string(zero + 1));

        constexpr std::size_t deepest = 3;  // the header, a tensor, its shape
        const auto damaged = [&](const std::string& what) { require(false, "its header " + what); };
        const Json header = JsonParser(deepest, damaged).parse(text);
        require(header.get<JsonObject>(), "its header must be a JSON object");
        return *header.get<JsonObject>();
    }

    void read_metadata(const Json& value, Safetensors& result) const {
        const auto* const metadata = value.get<JsonObject>();
        require(metadata, "__metadata__ must be a JSON object");
        for (const auto& [key, entry] : *metadata) {
            const auto* const text = entry.get<std::string>();
            require(text, "__metadata__ must contain strings only, unlike " + io::quoted(key));
            result.metadata[key] = *text;
        }
    }

    /// Sets dtype and shape, and returns the data's begin and end.
    std::pair<std::size_t, std::size_t> read_entry(const std::string& name, const Json& value,
                                                   io::TensorEntry& entry) const {
        const std::string tensor = "tensor " + io::quoted(name) + " ";
        const auto* const object = value.get<JsonObject>();
        require(object && object->contains("dtype") && object->contains("shape") &&
                    object->contains("data_offsets") && object->size() == 3,
                tensor + "must have dtype, shape and data_offsets and nothing else");
        const auto* const dtype = object->at("dtype").get<std::string>();
        require(dtype, tensor + "must have a string as dtype");
        entry.dtype = *dtype;
        require(read_sizes(object->at("shape"), entry.shape),
                tensor + "must have a shape of non-negative integers");
        std::vector<std::size_t> offsets;
        require(read_sizes(object->at("data_offsets"), offsets) && offsets.size() == 2,
                tensor + "must have two data_offsets");
        const std::size_t begin = offsets[0], end = offsets[1];
        require(begin <= end && end <= data_size_, tensor + "has data_offsets outside the file");
        // Unknown dtypes are accepted here, since the tensor may not be used.
        require(io::dtype_size(entry.dtype) == 0 || io::tensor_bytes(entry.dtype, entry.shape) == end - begin,
                tensor + "has data_offsets that do not match its dtype and shape");
        return {begin, end};
    }

    /// Appends an array of sizes to `sizes`; returns false if `value` is not one.
    static bool read_sizes(const Json& value, std::vector<std::size_t>& sizes) {
        const auto* const array = value.get<JsonArray>();
        if (!array) return false;
        for (const Json& size : *array) {
            if (!size.get<std::uint64_t>()) return false;
            sizes.push_back(*size.get<std::uint64_t>());
        }
        return true;
    }

    io::File file_;
    std::size_t data_size_ = 0;
};

/// The JSON header of a file with this metadata and its tensors' data in this order.
inline std::string safetensors_header(
    const std::map<std::string, std::string>& metadata,
    const std::vector<const std::pair<const std::string, io::TensorEntry>*>& order) {
    std::map<std::string, std::string> values;
    for (const auto& [key, text] : metadata)
        values["__metadata__"] +=
            (values["__metadata__"].empty() ? "{" : ",") + json_string(key) + ':' + json_string(text);
    values["__metadata__"] += '}';
    std::size_t offset = 0;
    for (const auto* tensor : order) {
        const auto& [name, entry] = *tensor;
        const std::size_t end = offset + entry.data.size();
        std::string shape;
        for (const std::size_t extent : entry.shape)
            shape += (shape.empty() ? "" : ",") + std::to_string(extent);
        values[name] = "{\"data_offsets\":[" + std::to_string(offset) + ',' + std::to_string(end) +
                       "],\"dtype\":" + json_string(entry.dtype) + ",\"shape\":[" + shape + "]}";
        offset = end;
    }
    std::string header;
    for (const auto& [key, value] : values)
        header += (header.empty() ? "{" : ",") + json_string(key) + ':' + value;
    return header + '}';
}

}  // namespace detail

/// Writes a safetensors file, atomically. Tensors of wider dtypes come first, as in the reference
/// implementation, so that values are aligned in the file. Adds a checksum to the metadata, which
/// read_safetensors verifies and other readers ignore. Errors, before anything is written: a tensor whose
/// data does not match its dtype and shape; names or metadata that are not UTF-8; a tensor named
/// __metadata__.
inline void write_safetensors(const std::filesystem::path& path, const Safetensors& contents) {
    std::vector<const std::pair<const std::string, io::TensorEntry>*> order;
    for (const auto& tensor : contents.tensors) {
        const auto& [name, entry] = tensor;
        if (name == "__metadata__") fail("write_safetensors", "no tensor can have the name __metadata__");
        if (io::tensor_bytes(entry.dtype, entry.shape) != entry.data.size())
            fail("write_safetensors",
                 "tensor " + io::quoted(name) + " must have the size that its dtype and shape require",
                 entry.data.size(), " bytes of type ", entry.dtype);
        order.push_back(&tensor);
    }
    std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
        const std::size_t size_a = io::dtype_size(a->second.dtype);
        const std::size_t size_b = io::dtype_size(b->second.dtype);
        return size_a != size_b ? size_a > size_b : a->first < b->first;
    });

    auto metadata = contents.metadata;
    metadata[detail::format_key] = "1";
    metadata[detail::checksum_key] = detail::checksum(contents.tensors, metadata);
    std::string text;
    try {
        text = detail::safetensors_header(metadata, order);
    } catch (const nlohmann::json::type_error&) {
        fail("write_safetensors", "names and metadata must be UTF-8: cannot write " + path.string());
    }
    text.resize((text.size() + 7) / 8 * 8, ' ');

    const std::uint64_t length = text.size();
    io::AtomicFile file(path);
    file.write(std::as_bytes(std::span(&length, 1)));
    file.write(text);
    for (const auto* tensor : order) file.write(tensor->second.data);
    file.commit();
}

/// Reads a safetensors file. Tensors of dtypes that gantry does not support (F8, ...) are read as bytes;
/// reading their values is an error. Errors, in one line: a missing file; a violation of the format; a file
/// written by gantry whose checksum does not match.
inline Safetensors read_safetensors(const std::filesystem::path& path) {
    return detail::SafetensorsReader(path).read();
}

}  // namespace gantry
