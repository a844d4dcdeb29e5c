// Included first by every header. Rejects unsupported compilers and undefines macros that would break the
// code below. There is deliberately no #pragma once: the macros may be defined between two includes.
//
// Including a file that does not exist stops the compilation, whereas #error would be followed by about a
// hundred further errors.
#if !defined(__GNUC__)
#include "gantry needs g++ 12 or newer, or clang 18 or newer"
#elif defined(__clang__) && !defined(__apple_build_version__) && __clang_major__ < 18
#include "gantry needs clang 18 or newer, or g++ 12 or newer: this clang is older"
#elif !defined(__clang__) && __GNUC__ < 12
#include "gantry needs g++ 12 or newer, or clang 18 or newer: this g++ is older"
#elif __cplusplus < 202002L
#include "gantry needs C++20: compile with -std=c++20"
#elif !defined(__cpp_exceptions)
#include "gantry reports errors by exceptions: compile without -fno-exceptions"
#endif
#undef min
#undef max
