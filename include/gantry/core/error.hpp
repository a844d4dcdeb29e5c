#pragma once
#include <locale>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace gantry {

/// Every error that gantry throws. Its text is one line: `[where] rule; got ...`.
class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Throws an Error: `fail("matmul", "inner extents must be equal", 3, " and ", 4)` says
/// `[matmul] inner extents must be equal; got 3 and 4`. Without `got`, the rule stands alone.
template <class... Got>
[[noreturn, gnu::noinline, gnu::cold]] void fail(std::string_view where, std::string_view rule,
                                                 const Got&... got) {
    std::ostringstream text;
    text.imbue(std::locale::classic());  // a program's own locale would group digits
    text << '[' << where << "] " << rule;
    if constexpr (sizeof...(Got) > 0) {
        text << "; got ";
        (text << ... << got);
    }
    throw Error(text.str());
}

}  // namespace gantry
