#!/usr/bin/env bash
# Builds gantry and runs all of its tests, starting from a bare Debian 12: installs missing packages.
# Use: tests/run.sh [--quick] [PART...]
#   PART     release      the whole suite with g++ (also: --quick); beside asan-ubsan without what that runs, too
#            asan-ubsan   unit tests under AddressSanitizer and UndefinedBehaviorSanitizer, with clang 19
#            tsan         the threaded parts under ThreadSanitizer
#            cuda         unit tests on the device Cuda, on the emulator of tests/cuda_emulator, with g++
#            clang        headers, examples, benchmarks, compile errors, clang-tidy and clang-format with clang 19
#            default: these five
#            nvcc         tests that need the CUDA Toolkit and cuDNN, but no GPU; only on request, not in CI
#            gpu          unit tests on a GPU, built by nvcc; skipped without a GPU. nvcc includes this part
# The last line counts the tests of all parts together, in ctest's format.
set -euo pipefail
cd "$(dirname "$0")/.."

default_parts=(release asan-ubsan tsan clang cuda)
all_parts=("${default_parts[@]}" nvcc gpu)
parts=()
for argument in "$@"; do
    case $argument in
        --quick) parts+=(release) ;;
        nvcc) parts+=(nvcc gpu) ;;
        -h | --help)
            sed -n '2,12s/^# //p' "$0"
            exit 0
            ;;
        *)
            [[ " ${all_parts[*]} " == *" $argument "* ]] || {
                echo "[run.sh] a part is one of ${all_parts[*]}; got $argument" >&2
                exit 2
            }
            parts+=("$argument")
            ;;
    esac
done
[ ${#parts[@]} -gt 0 ] || parts=("${default_parts[@]}")

packages=(g++ cmake ninja-build mold zlib1g-dev libpng-dev libjpeg62-turbo-dev libexif-dev libzimg-dev libgif-dev
    nlohmann-json3-dev libcli11-dev catch2 libbenchmark-dev libeigen3-dev locales doxygen doxygen-awesome-css)
[[ "${parts[*]}" =~ ^(release|cuda|nvcc|gpu| )*$ ]] ||
    packages+=(clang-19 clang-format-19 clang-tidy-19 libclang-rt-19-dev)
.ci/install-packages "${packages[@]}"
jobs=$(.ci/jobs)

# Files without tests (most examples, benchmarks) and single headers are compiled only once, by the clang
# part.
declare -A narrower_preset=([release]=release-tests)
cpu_of_release=
[[ " ${parts[*]} " != *" asan-ubsan "* ]] || cpu_of_release=EigenCpu
summary=()
passed=0
failed=0
# Builds and tests one part. A part that fails to build or to run its tests counts as one failed test.
run_part() {
    local part=$1 log=build/$1/run.log line skipped quick=()
    local started=$SECONDS preset=${narrower_preset[$1]:-$1}
    echo "== $part"
    mkdir -p "build/$part"
    # mold links in a tenth of the time. The tests train only the examples' smallest networks, and -O1 compiles
    # the examples in 60 % of the time.
    [[ $part =~ ^(nvcc|gpu)$ ]] || quick=(-D CMAKE_EXE_LINKER_FLAGS=-fuse-ld=mold)
    # Test bodies for all devices run on Cpu under sanitizers: not twice.
    [ "$part" != release ] || quick+=(-D GANTRY_EXAMPLE_OPTIONS=-O1 -D "GANTRY_TEST_CPU=$cpu_of_release")
    # g++ looks for unused memory from 1 GB on: a twentieth less time for a seventh more memory.
    [[ ! $part =~ ^(release|cuda)$ ]] || quick+=(-D CMAKE_CXX_FLAGS=--param=ggc-min-heapsize=1000000)
    { cmake --preset "$part" "${quick[@]}" && cmake --build --preset "$preset" --parallel "$jobs" &&
        ctest --preset "$preset" --parallel "$jobs"; } 2>&1 | tee "$log" || true
    line=$(grep -E '^[0-9]+% tests passed, [0-9]+ tests failed out of [0-9]+' "$log" | tail -n 1 || true)
    if [[ $line =~ ^[0-9]+%\ tests\ passed,\ ([0-9]+)\ tests\ failed\ out\ of\ ([0-9]+) ]]; then
        failed=$((failed + BASH_REMATCH[1]))
        passed=$((passed + BASH_REMATCH[2] - BASH_REMATCH[1]))
        # CTest counts a skipped test as passed; here it counts as neither.
        skipped=$(grep -c '[*][*][*]Skipped' "$log" || true)
        passed=$((passed - skipped))
        [ "$skipped" -eq 0 ] || line="$line; $skipped of them were skipped"
    else
        failed=$((failed + 1))
        line="did not build, or its tests did not run: see $log"
    fi
    summary+=("$(printf '%-11s %4d s  %s' "$part" $((SECONDS - started)) "$line")")
}

for part in "${parts[@]}"; do run_part "$part"; done

echo
echo "== all parts, $SECONDS s"
printf '%s\n' "${summary[@]}"
all=$((passed + failed))
[ "$all" -gt 0 ] || { echo "no tests ran" && exit 1; }
echo "$((100 * passed / all))% tests passed, $failed tests failed out of $all"
[ "$failed" -eq 0 ]
