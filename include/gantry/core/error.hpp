#pragma once
#include <gantry/core/compiler.hpp>

#include <cstddef>
#include <locale>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace gantry {

namespace core {
/// Escapes control characters as `\xNN`, since file names in error messages may contain them.
inline std::string printable(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string shown;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const auto before = static_cast<unsigned char>(i > 0 ? text[i - 1] : '\0');
        // U+0080 to U+009F are control characters too: 0xC2 0x80 to 0xC2 0x9F in UTF-8.
        if (byte < 0x20 || byte == 0x7F || (before == 0xC2 && byte < 0xA0)) {
            if (before == 0xC2) shown.replace(shown.size() - 1, 1, "\\xC2");
            shown.append("\\x").append(1, digits[byte / 16]).append(1, digits[byte % 16]);
        } else {
            shown += text[i];
        }
    }
    return shown;
}
}  // namespace core

/// The exception type of gantry. what() is one line, `[where] rule; got ...`, and safe to print: control
/// characters are escaped as `\xNN`.
class Error : public std::runtime_error {
public:
    /// An error with this text.
    explicit Error(std::string_view text) : std::runtime_error(core::printable(text)) {}
};

/// Throws an Error. `fail("matmul", "inner extents must be equal", 3, " and ", 4)` gives the text
/// `[matmul] inner extents must be equal; got 3 and 4`. The part from "; got" is omitted without `got`.
template <class... Got>
[[noreturn, gnu::noinline, gnu::cold]] void fail(std::string_view where, std::string_view rule,
                                                 const Got&... got) {
    std::ostringstream text;
    text.imbue(std::locale::classic());  // the global locale may group digits
    text << '[' << where << "] " << rule;
    if constexpr (sizeof...(Got) > 0) {
        text << "; got ";
        (text << ... << got);
    }
    throw Error(text.str());
}

}  // namespace gantry
