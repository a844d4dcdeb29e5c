#!/usr/bin/env bash
# Tests and measures gantry on an NVIDIA GPU: builds on a machine with the CUDA Toolkit, with a GPU or without one, and
# runs there or on another machine (docs/gpu.md).
# Use: tests/gpu.sh build FOLDER [CMAKE-OPTION...]
#          builds the preset gpu, and collects in FOLDER what the machine with the GPU needs: this script, programs, libraries
#      tests/gpu.sh run FOLDER correctness [RESULTS]
#          all test programs, compute-sanitizer on every kernel, and which variants the rules should choose
#      tests/gpu.sh run FOLDER speed [RESULTS]
#          GAN steps beside PyTorch's, and single kernels
#      tests/gpu.sh collect BUILD FOLDER
#          the second half of build, for programs that are built already
# A run takes less than 4 minutes. It prints short tables, and leaves them with all logs in RESULTS (else in $OUT, else in
# FOLDER/results). Exit code: 0 if all went well, 1 if anything failed, 77 if there is no GPU.
set -uo pipefail

no_gpu=77
most_megabytes=60

stop() {
    echo "gpu.sh: $*" >&2
    exit 2
}

# -- on the machine that builds ---------------------------------------------------------------------------------------

build() {
    local folder=$1 root targets
    shift
    root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
    mkdir -p "$folder" && folder=$(realpath "$folder") && cd "$root" || exit 1
    cmake --preset gpu "$@" || exit 1
    mapfile -t targets < <(awk '{ print $1 }' build/gpu/gpu_programs.txt)
    cmake --build build/gpu --parallel "$(.ci/jobs)" --target "${targets[@]}" || exit 1
    collect build/gpu "$folder"
}

# The libraries of a program that another machine may lack. glibc is everywhere, what NVIDIA ships comes from there.
libraries_of() {
    ldd "$1" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' |
        grep -Ev '/(libc|libm|libdl|librt|libpthread|libresolv|libcuda|libcublas|libcublasLt|libcudnn[a-z_]*|libnv[A-Za-z]*)[.]so'
}

collect() {
    local build=$1 folder=$2 root name file library to size
    root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
    [ -f "$build/gpu_programs.txt" ] || stop "$build is no build of the preset gpu: gpu_programs.txt is missing"
    rm -rf "${folder:?}/bin" "${folder:?}/lib" "$folder/cases.txt"
    # Those in lib/fallback are only used where the machine has none or an older one: Python needs the machine's own.
    mkdir -p "$folder/bin" "$folder/lib/fallback"
    while read -r name file; do
        strip -o "$folder/bin/$name" "$file" || exit 1
        if [[ $name == test_* ]]; then
            find_cases "$name"
            echo "$name $("$file" "${cases[@]}" --list-tests |
                awk '/^[0-9]+ (matching )?test cases?$/ { print $1 }')" >>"$folder/cases.txt"
        fi
        for library in $(libraries_of "$file"); do
            case ${library##*/} in
                libstdc++.so* | libgcc_s.so* | libgomp.so*) to=$folder/lib/fallback ;;
                *) to=$folder/lib ;;
            esac
            [ -e "$to/${library##*/}" ] || strip -o "$to/${library##*/}" "$(realpath "$library")" || exit 1
        done
    done <"$build/gpu_programs.txt"
    cp "$root/tests/gpu.sh" "$folder/" || exit 1
    for file in torch_gpu_gan_step.py compare_gpu.py; do
        [ ! -f "$root/bench/peers/$file" ] || cp "$root/bench/peers/$file" "$folder/"
    done
    {
        echo "commit: $(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)$(git -C "$root" diff --quiet HEAD 2>/dev/null || echo ', changed')"
        echo "built: $(date -u '+%Y-%m-%d %H:%M UTC') on $(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release), $(uname -m)"
    } >"$folder/origin.txt"
    size=$(du -sm --exclude=results "$folder" | cut -f1)
    echo "$folder: $(find "$folder/bin" -type f | wc -l) programs, $(awk '{ n += $2 } END { print n + 0 }' "$folder/cases.txt" 2>/dev/null) test cases, $size MB"
    [ "$size" -lt "$most_megabytes" ] || { echo "gpu.sh: that is more than the $most_megabytes MB that may travel" >&2 && exit 1; }
}

# Which cases of a test program are those of a GPU: others of the same files are of the CPU.
find_cases() {
    cases=()
    [ "$1" = test_cuda ] || cases=("* - Cuda")
}

# -- on the machine with the GPU --------------------------------------------------------------------------------------

# The folders of the shared libraries in Python's packages of NVIDIA, wherever they are.
python_libraries() {
    python3 - <<'END' 2>/dev/null
import importlib.util, os
spec = importlib.util.find_spec("nvidia")
folders = []
for root in (spec.submodule_search_locations or []) if spec else []:
    for folder, _, files in os.walk(root):
        if any(file.startswith("lib") and ".so" in file for file in files):
            folders.append(folder)
print(":".join(sorted(folders)))
END
}

# Lines of what the programs lack with the library path as it is.
missing_libraries() { LD_LIBRARY_PATH=$library_path ldd "$folder"/bin/* 2>&1 | grep 'not found' | sort -u; }

# Sets library_path, for our programs: Python itself must not see it.
find_libraries() {
    library_path=$folder/lib:$(python_libraries):${CUDA_HOME:-/usr/local/cuda}/lib64${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    [ -z "$(missing_libraries)" ] || library_path=$library_path:$folder/lib/fallback
    local missing
    missing=$(missing_libraries)
    [ -z "$missing" ] || say "libraries that are missing here:" "$missing"
}

# Lines for the terminal and the summary.
say() { printf '%s\n' "$@" | tee -a "$summary"; }

# Seconds that a step may take: its own limit, and what is left of the whole run.
limit_of() {
    local limit=$1 left=$((deadline - SECONDS))
    [ "$limit" -lt "$left" ] || limit=$left
    [ -z "${GANTRY_GPU_LIMIT:-}" ] || [ "$limit" -lt "$GANTRY_GPU_LIMIT" ] || limit=$GANTRY_GPU_LIMIT # for tests of this script
    echo "$limit"
}

# start NAME LIMIT COMMAND...: runs it in the background, with its output in a log. Its exit code and its time go to
# files; a command that nothing can stop is left behind.
start() {
    local name=$1 limit
    limit=$(limit_of "$2")
    shift 2
    if [ "$limit" -lt 3 ]; then
        echo "no time left for it" >"$logs/$name.log"
        echo 124 0 >"$logs/$name.end"
        return
    fi
    {
        local begin=$SECONDS
        timeout --kill-after=3 "$limit" "$@" >"$logs/$name.log" 2>&1
        echo "$?" "$((SECONDS - begin))" >"$logs/$name.new"
        mv "$logs/$name.new" "$logs/$name.end"
    } &
    echo $((SECONDS + limit + 6)) >"$logs/$name.give_up"
}
ended() {
    [ ! -f "$logs/$1.end" ] || return 0
    [ "$SECONDS" -ge "$(cat "$logs/$1.give_up")" ] || return 1
    echo 137 0 >"$logs/$1.end"
}
wait_for() { until ended "$1"; do sleep 0.1; done; }

# "PASSED FAILED" of a log of Catch2, version 2 or 3; nothing where it does not say.
catch_counts() {
    sed 's/\x1b\[[0-9;]*m//g' "$1" | awk '
        match($0, /^All tests passed \([0-9]+ assertions? in [0-9]+ test cases?\)/) {
            n = $0; sub(/.* in /, "", n); sub(/ test case.*/, "", n); passed = n; failed = 0; found = 1
        }
        /^test cases: +[0-9]+ / {
            passed = failed = 0; found = 1
            for (i = 4; i < NF; ++i) {
                if ($(i + 1) == "passed") passed = $i
                if ($(i + 1) == "failed" && $(i + 2) != "as") failed = $i
            }
        }
        /^No tests ran/ { passed = failed = 0; found = 1 }
        END { if (found) print passed + 0, failed + 0 }'
}

failures=0
steps_json=
# report NAME OK PASSED FAILED NOTE: a line of a table, and of the summary in JSON.
report() {
    local name=$1 ok=$2 passed=$3 failed=$4 note=$5 code seconds verdict=ok
    read -r code seconds <"$logs/$name.end"
    [ "$ok" = true ] || { verdict=FAILED && failures=$((failures + 1)); }
    say "$(printf '%-22s %7s %7s %5d s  %-6s %s' "$name" "$passed" "$failed" "$seconds" "$verdict" "$note" | sed 's/ *$//')"
    note=${note//\\/\\\\}
    steps_json+=$(printf '%s\n    {"name": "%s", "ok": %s, "exit": %d, "seconds": %d, "passed": %s, "failed": %s, "note": "%s"}' \
        "${steps_json:+,}" "$name" "$ok" "$code" "$seconds" "${passed/-/null}" "${failed/-/null}" "${note//\"/\\\"}")
}
heading() { say "" "$(printf '%-22s %7s %7s %7s' "$1" passed failed time)"; }

# What an exit code means, where it is not 0.
meaning_of() {
    case $1 in
        0) ;;
        77) echo "it finds no GPU" ;;
        124) echo "out of time" ;;
        137) echo "out of time, killed" ;;
        1[3-9]? | 2??) echo "crashed by signal $(($1 - 128))" ;;
        *) echo "exit code $1" ;;
    esac
}

# A program of Catch2: all of its cases must have run and passed.
report_tests() {
    local name=$1 expected=$2 code seconds counts warnings passed=0 failed=0 note ok=true
    read -r code seconds <"$logs/$name.end"
    counts=$(catch_counts "$logs/$name.log")
    [ -z "$counts" ] || read -r passed failed <<<"$counts"
    note=$(meaning_of "$code")
    if [ "$code" -ne 0 ] || [ -z "$counts" ] || [ "$failed" -ne 0 ] || [ "$passed" -eq 0 ]; then ok=false; fi
    if [ -n "$expected" ] && [ $((passed + failed)) -ne "$expected" ]; then
        ok=false
        note="${note:+$note; }$((passed + failed)) of $expected cases ran"
    fi
    [ "$ok" = true ] || [ -n "$note" ] || note="no cases ran"
    [ "$ok" = true ] || note+="; see $name.log"
    warnings=$(grep -c '^warning:' "$logs/$name.log")
    [ "$warnings" -eq 0 ] || note="${note:+$note; }$warnings warnings in $name.log"
    report "$name" "$ok" "$passed" "$failed" "$note"
}

# compute-sanitizer over a program of Catch2: no errors, and cases that passed.
report_sanitizer() {
    local name=$1 code seconds counts passed=0 failed=0 found note ok=true
    read -r code seconds <"$logs/$name.end"
    counts=$(catch_counts "$logs/$name.log")
    [ -z "$counts" ] || read -r passed failed <<<"$counts"
    found=$(grep -aoE '(ERROR|RACECHECK) SUMMARY: .*' "$logs/$name.log" | tail -n 1)
    note=$(meaning_of "$code")
    [[ $found =~ SUMMARY:\ 0\  ]] && [ "$code" -eq 0 ] && [ "$passed" -gt 0 ] && [ "$failed" -eq 0 ] || ok=false
    report "$name" "$ok" "$passed" "$failed" "${found:-no summary}${note:+; $note}"
}

report_program() {
    local name=$1 code seconds
    read -r code seconds <"$logs/$name.end"
    if [ "$code" -eq 0 ]; then report "$name" true - - ""; else report "$name" false - - "$(meaning_of "$code"); see $name.log"; fi
}

# A benchmark, and what it prints. Its log is a table already.
run_program() {
    local name=$1 limit=$2
    shift 2
    start "$name" "$limit" "$@"
    wait_for "$name"
    say "" "-- $name"
    tee -a "$summary" <"$logs/$name.log"
    report_program "$name"
}

correctness() {
    local name program expected limit end_of_run=$deadline waiting=() running=() still=()
    heading "tests"
    # In order of value, three at once: the GPU is shared, and most of their time is the host's.
    for name in cuda ops layers autograd optim gan checkpoint init core data; do
        [ ! -x "$folder/bin/test_$name" ] || waiting+=("test_$name")
    done
    for program in "$folder"/bin/test_*; do
        name=${program##*/}
        [ ! -x "$program" ] || [[ " ${waiting[*]} " == *" $name "* ]] || waiting+=("$name")
    done
    if [ ${#waiting[@]} -eq 0 ]; then
        say "no test programs in $folder/bin"
        failures=$((failures + 1))
    fi
    deadline=$((SECONDS + 105))
    while [ ${#waiting[@]} -gt 0 ] || [ ${#running[@]} -gt 0 ]; do
        while [ ${#waiting[@]} -gt 0 ] && [ ${#running[@]} -lt 3 ]; do
            name=${waiting[0]}
            waiting=("${waiting[@]:1}")
            find_cases "$name"
            start "$name" 70 env LD_LIBRARY_PATH="$library_path" \
                "$folder/bin/$name" "${cases[@]}" --durations yes
            running+=("$name")
        done
        still=()
        for name in "${running[@]}"; do
            if ended "$name"; then
                expected=$(awk -v name="$name" '$1 == name { print $2 }' "$folder/cases.txt" 2>/dev/null)
                report_tests "$name" "$expected"
            else
                still+=("$name")
            fi
        done
        running=("${still[@]}")
        sleep 0.1
    done
    deadline=$end_of_run

    heading "compute-sanitizer"
    if ! command -v compute-sanitizer >/dev/null; then
        PATH=$PATH:${CUDA_HOME:-/usr/local/cuda}/bin
    fi
    for name in memcheck racecheck initcheck; do
        start "$name" 36 env LD_LIBRARY_PATH="$library_path" \
            compute-sanitizer --tool "$name" --error-exitcode 9 "$folder/bin/test_cuda" "[sanitizer]"
        wait_for "$name"
        report_sanitizer "$name"
    done

    if [ -x "$folder/bin/bench_gpu_calibrate" ]; then
        limit=$(limit_of 100)
        run_program calibrate "$limit" env LD_LIBRARY_PATH="$library_path" \
            "$folder/bin/bench_gpu_calibrate" --seconds 0.01 --limit $((limit - 6)) --csv "$logs/calibrate.csv"
    else
        say "" "calibrate: not in this folder"
    fi
}

speed() {
    local torch=$folder/torch_gpu_gan_step.py name precision warm=()
    export TORCHINDUCTOR_CACHE_DIR=$logs/cache PYTHONUNBUFFERED=1
    if [ -x "$folder/bin/bench_gpu_gan_step" ]; then
        run_program gan_step 40 env LD_LIBRARY_PATH="$library_path" \
            "$folder/bin/bench_gpu_gan_step" --csv "$logs/gantry.csv"
    else
        say "gan_step: not in this folder"
    fi
    if [ -f "$torch" ]; then
        run_program torch 60 python3 "$torch" --no-compile --seconds 0.2 --csv "$logs/torch.csv"
        compare "$logs/torch.csv"
        # torch.compile takes longest. All of it is compiled at once, into a cache from which the measurement takes it.
        for name in mlp_1200 dcgan_64; do
            for precision in fp32 tf32 bf16; do
                start "compile_${name}_$precision" 55 python3 "$torch" --seconds 0.01 --precision "$precision" "$name"
                warm+=("compile_${name}_$precision")
            done
        done
        for name in "${warm[@]}"; do wait_for "$name"; done
        run_program torch_compile 45 python3 "$torch" --seconds 0.2 --csv "$logs/torch_compile.csv" mlp_1200 dcgan_64
        compare "$logs/torch_compile.csv"
    else
        say "" "torch_gpu_gan_step.py: not in this folder"
    fi
    if [ -x "$folder/bin/bench_gpu_kernels" ]; then
        run_program kernels 30 env LD_LIBRARY_PATH="$library_path" "$folder/bin/bench_gpu_kernels"
    else
        say "" "gpu_kernels: not in this folder"
    fi
}

# Ratios of gantry's steps and PyTorch's, as far as both were measured.
compare() {
    [ -f "$folder/compare_gpu.py" ] && [ -f "$logs/gantry.csv" ] && [ -f "$1" ] || return 0
    say ""
    timeout 10 python3 "$folder/compare_gpu.py" "$logs/gantry.csv" "$1" 2>&1 | tee -a "$summary"
}

# All logs as one file, and the summary: few files are quick to take home.
pack() {
    cat >"$results/$what.json" <<END
{
  "command": "$what",
  "date": "$(date -u '+%Y-%m-%dT%H:%M:%SZ')",
  "gpu": "${gpu//\"/}",
  "origin": "$(tr '\n' ';' <"$folder/origin.txt" 2>/dev/null | tr -d '"')",
  "seconds": $SECONDS,
  "failures": $failures,
  "steps": [$steps_json
  ]
}
END
    rm -rf "$logs/cache" "$logs"/*.give_up
    cp "$summary" "$results/$what.txt" &&
        tar -C "$(dirname "$logs")" -czf "$results/${what}_logs.tar.gz" "$(basename "$logs")" && rm -rf "$(dirname "$logs")"
}

run() {
    folder=$(realpath "$1")
    what=$2
    results=${3:-${OUT:-$folder/results}}
    [ -d "$folder/bin" ] || stop "$folder has no programs: fill it by 'tests/gpu.sh build $1'"
    if ! gpu=$(timeout 20 nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>&1) || [ -z "$gpu" ]; then
        gpu=$(head -n 1 <<<"$gpu")
        command -v nvidia-smi >/dev/null || gpu="there is no nvidia-smi, and so no driver"
        echo "gpu.sh: no GPU to run on: ${gpu:-nvidia-smi names none}"
        exit "$no_gpu"
    fi
    gpu=$(head -n 1 <<<"$gpu")
    mkdir -p "$results" || stop "$results cannot be written"
    results=$(realpath "$results")
    logs=$(mktemp -d)/$what
    mkdir -p "$logs"
    summary=$logs/summary.txt
    deadline=$((SECONDS + 228))
    trap 'failures=$((failures + 1)); say "" "stopped"; pack; exit 1' INT TERM
    say "$gpu; $(date -u '+%Y-%m-%d %H:%M UTC')"
    [ ! -f "$folder/origin.txt" ] || say "$(cat "$folder/origin.txt")"
    find_libraries
    "$what"
    if [ -z "$steps_json" ]; then
        say "nothing was run"
        failures=$((failures + 1))
    fi
    say "" "$what: $failures failed, $SECONDS s; logs: $results/${what}_logs.tar.gz"
    pack
    [ "$failures" -eq 0 ] || exit 1
}

case "${1:-}:$#" in
    build:1 | build:0) stop "build needs a folder; see --help" ;;
    build:*) shift && build "$@" ;;
    collect:3) collect "$2" "$3" ;;
    run:3 | run:4)
        [[ $3 =~ ^(correctness|speed)$ ]] || stop "a run is one of correctness and speed; got $3"
        run "${@:2}"
        ;;
    -h:* | --help:*) sed -n '2,15s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" ;;
    *) stop "unknown arguments; see --help" ;;
esac
