#pragma once
#include <gantry/io/safetensors.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

namespace gantry::detail {

struct Json;
using JsonArray = std::vector<Json>;
using JsonObject = std::map<std::string, Json>;

/// A JSON value: a string, a non-negative integer, an array, an object, or anything else (monostate). Used
/// instead of nlohmann::json, whose destructor allocates and so terminates the program when out of memory.
struct Json {
    std::variant<std::monostate, std::string, std::uint64_t, JsonArray, JsonObject> value;

    /// The value if it is a T, else null.
    template <class T>
    const T* get() const {
        return std::get_if<T>(&value);
    }
};

/// Parses a JSON document. Calls `damaged(what)`, which must throw, on invalid JSON, a repeated key or
/// nesting deeper than `deepest`.
class JsonParser : private nlohmann::json_sax<nlohmann::json> {
public:
    JsonParser(std::size_t deepest, std::function<void(const std::string&)> damaged)
        : deepest_(deepest), damaged_(std::move(damaged)) {}

    Json parse(std::string_view text) {
        nlohmann::json::sax_parse(text.begin(), text.end(),
                                  static_cast<nlohmann::json_sax<nlohmann::json>*>(this));
        return std::move(root_);
    }

private:
    bool null() override { return put({}); }
    bool boolean(bool) override { return put({}); }
    bool number_integer(number_integer_t) override { return put({}); }
    bool number_unsigned(number_unsigned_t number) override { return put({number}); }
    bool number_float(number_float_t, const string_t&) override { return put({}); }
    bool string(string_t& text) override { return put({std::move(text)}); }
    bool binary(binary_t&) override { return put({}); }
    bool start_object(std::size_t) override { return open({JsonObject{}}); }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override { return open({JsonArray{}}); }
    bool end_array() override { return close(); }
    bool key(string_t& key) override {
        auto& object = std::get<JsonObject>(open_.back()->value);
        const auto [place, is_new] = object.try_emplace(std::move(key));
        if (!is_new) damaged_("has the key " + io::quoted(place->first) + " twice");
        of_key_ = &place->second;
        return true;
    }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) override {
        damaged_("is not valid JSON at byte " + std::to_string(position));
        return false;
    }

    Json& place() {
        if (open_.empty()) return root_;
        auto* const array = std::get_if<JsonArray>(&open_.back()->value);
        return array ? array->emplace_back() : *of_key_;
    }
    bool put(Json value) {
        place() = std::move(value);
        return true;
    }
    bool open(Json value) {
        if (open_.size() >= deepest_) damaged_("is nested too deeply");
        Json& opened = place();
        opened = std::move(value);
        open_.push_back(&opened);
        return true;
    }
    bool close() {
        open_.pop_back();
        return true;
    }

    std::size_t deepest_;
    std::function<void(const std::string&)> damaged_;
    Json root_;
    Json* of_key_ = nullptr;
    std::vector<Json*> open_;  // the arrays and objects that enclose the next value
};

/// `text` as a JSON string literal. Throws nlohmann::json::type_error if it is not UTF-8.
inline std::string json_string(const std::string& text) { return nlohmann::json(text).dump(); }

}  // namespace gantry::detail
