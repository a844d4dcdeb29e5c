#pragma once
#include <gantry/core/compiler.hpp>

// The instruction set that a file is compiled for, as the name of an inline namespace. Vector widths and FMAs
// follow from it, so code for the CPU differs between files that are compiled with different -m flags. Its
// names then differ, too: a program may combine such files, and the linker cannot mix up their functions. A
// network on Cpu cannot be passed between them: that is a linker error.
#if defined(__AVX512F__)
#define GANTRY_TARGET avx512
#elif defined(__AVX__) && defined(__FMA__)
#define GANTRY_TARGET avx_fma
#elif defined(__AVX__)
#define GANTRY_TARGET avx
#elif defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define GANTRY_TARGET vectors128_fma
#else
#define GANTRY_TARGET vectors128
#endif
