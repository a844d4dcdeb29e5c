// Before anything else of gantry, in every header: stops where the compiler cannot work, and takes back macros that would
// make nonsense of what follows. (No #pragma once in front of the latter: they may be defined between two headers.)
//
// An #include of a file that is not there ends the compilation; an #error would be followed by some hundred others.
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
