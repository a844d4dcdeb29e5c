// Macros that other headers and programs may define. Their expansions do not compile.
// clang-format off
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <complex.h>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <numbers>
#include <numeric>
#include <optional>
#include <pthread.h>
#include <random>
#include <ranges>
#include <sched.h>
#include <span>
#include <sstream>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#ifdef GANTRY_WITH_EIGEN
#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <Eigen/SVD>
#endif
#if __has_include(<nlohmann/json.hpp>)
#include <gif_lib.h>
#include <jpeglib.h>
#include <nlohmann/json.hpp>
#include <png.h>
#include <zimg.h>
#include <zlib.h>
#endif

#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))

#undef I
#define I @ complex.h
#undef linux
#define linux @ gnu++20
#undef unix
#define unix @ gnu++20

#define ABSOLUTE @ windows.h
#define DELETE @ windows.h
#define ERROR @ windows.h
#define IGNORE @ windows.h
#define IN @ windows.h
#define OPTIONAL @ windows.h
#define OUT @ windows.h
#define far @ windows.h
#define interface @ windows.h
#define near @ windows.h
#define small @ windows.h

#define Above @ Xlib.h
#define Always @ Xlib.h
#define Below @ Xlib.h
#define Bool @ Xlib.h
#define Complex @ Xlib.h
#define Expose @ Xlib.h
#define False @ Xlib.h
#define None @ Xlib.h
#define Opposite @ Xlib.h
#define Status @ Xlib.h
#define Success @ Xlib.h
#define True @ Xlib.h

#define import @ C++20
#define module @ C++20

#define emit @ Qt
#define foreach @ Qt
#define forever @ Qt
#define signals @ Qt
#define slots @ Qt


#define CHECK @ Catch2
#define FAIL @ Catch2
#define INFO @ glog
#define LOG @ glog
#define MAX @ param.h
#define MIN @ param.h
#define PI @ many
#define B0 @ termios.h
#define T1 @ some
#define _B @ ctype.h
