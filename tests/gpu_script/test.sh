#!/usr/bin/env bash
# Tests tests/gpu.sh without a GPU: stand-ins for nvidia-smi, compute-sanitizer and the programs print what the real ones
# print, or fail in each way that a program can.
# Use: test.sh WORK [BUILD]: with BUILD, also collects the programs that it names in gpu_programs.txt, and runs them.
set -uo pipefail
script=$(realpath "$(dirname "$0")/../gpu.sh")
work=$1
build=${2:-}
rm -rf "$work"
mkdir -p "$work/tools"
work=$(realpath "$work")
export PATH=$work/tools:$PATH
unset OUT
failed=0

check() { # TEXT COMMAND...
    if "${@:2}" >/dev/null 2>&1; then return; fi
    failed=1
    echo "FAILED: $1"
}
# A program of FOLDER that runs these lines of bash.
program() {
    mkdir -p "$1/bin"
    printf '#!/usr/bin/env bash\n%s\n' "$3" >"$1/bin/$2"
    chmod +x "$1/bin/$2"
}
tool() {
    printf '#!/usr/bin/env bash\n%s\n' "$2" >"$work/tools/$1"
    chmod +x "$work/tools/$1"
}
# run CODE ARGUMENT...: runs the script, whose exit code must be CODE; its output goes to $work/output.
run() {
    "$script" run "${@:2}" >"$work/output" 2>&1
    local code=$?
    [ "$code" -eq "$1" ] || {
        failed=1
        echo "FAILED: gpu.sh run ${*:2} exits with $code, not $1:"
        cat "$work/output"
    }
}
line() { check "a line like '$1' in: $(cat "$work/output")" grep -qE "$1" "$work/output"; }

version2='echo "All tests passed (7310 assertions in 3 test cases)"'
passes_check='echo "========= ERROR SUMMARY: 0 errors"'

# No GPU: one line, and the exit code 77.
good=$work/good
program "$good" test_cuda "$version2"
tool nvidia-smi 'echo "NVIDIA-SMI has failed"; exit 9'
for command in correctness speed; do
    run 77 "$good" "$command"
    check "one line without a GPU" [ "$(wc -l <"$work/output")" -eq 1 ]
    line 'no GPU to run on: NVIDIA-SMI has failed'
done

# All goes well.
tool nvidia-smi 'echo "NVIDIA H100, 580.1, 81559 MiB"'
# shellcheck disable=SC2016 # for the tool to expand
tool compute-sanitizer '
tool=$2; while [ ! -x "$1" ]; do shift; done; "$@"
[ "$tool" = racecheck ] && echo "========= RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)" || '"$passes_check"
echo 'test_cuda 3' >"$good/cases.txt"
run 0 "$good" correctness "$work/results"
line '^test_cuda +3 +0 .* ok'
line '^racecheck +3 +0 .* ok'
line '^correctness: 0 failed'
check "three files of results" [ "$(ls "$work/results")" = $'correctness.json\ncorrectness.txt\ncorrectness_logs.tar.gz' ]
check "the log in the archive" grep -q 7310 <(tar -xzOf "$work/results/correctness_logs.tar.gz" correctness/test_cuda.log)
! command -v python3 >/dev/null || check "JSON" python3 -m json.tool "$work/results/correctness.json"
run 1 "$good" speed "$work/results"
line 'nothing was run'
program "$good" bench_gpu_gan_step 'echo "mlp_256 64 fp32 123.4"'
run 0 "$good" speed "$work/results"
line '^mlp_256 64 fp32 123.4'
line '^gan_step .* ok'

# All that can go wrong, each in one program; none keeps the others from running.
bad=$work/bad
program "$bad" test_cuda "$version2"
program "$bad" test_ops 'echo "All tests passed (1 assertion in 1 test case)"'
program "$bad" test_layers 'printf "\e[31mtest cases:  9 |  7 passed | 2 failed\e[0m\nassertions: 50 | 48 passed | 2 failed\n"; exit 2'
program "$bad" test_autograd 'kill -SEGV $$'
program "$bad" test_optim 'echo "All tests passed (2 assertions in 2 test cases)"; sleep 60'
program "$bad" test_gan 'echo "No tests ran"'
program "$bad" test_checkpoint 'true'
program "$bad" test_init 'echo "All tests passed (8 assertions in 4 test cases)"'
program "$bad" test_core 'echo "skipped, no GPU to run on"; exit 77'
program "$bad" test_data 'printf "test cases: 5 | 4 passed | 1 failed as expected\nassertions: 9 | 8 passed | 1 failed as expected\n"'
program "$bad" test_late 'printf "test cases: 2 | 1 passed | 1 skipped\n"'
printf 'test_ops 1\ntest_init 5\n' >"$bad/cases.txt"
# shellcheck disable=SC2016 # for the tool to expand
tool compute-sanitizer '
tool=$2; while [ ! -x "$1" ]; do shift; done; "$@"
case $tool in
    memcheck) '"$passes_check"' ;;
    racecheck) echo "========= RACECHECK SUMMARY: 1 hazard displayed (0 errors, 1 warning)" ;;
    *) echo "========= Error: device not supported"; exit 1 ;;
esac'
GANTRY_GPU_LIMIT=8 OUT=$work/bad_results run 1 "$bad" correctness
line '^test_cuda +3 +0 .* ok'
line '^test_ops +1 +0 .* ok'
line '^test_layers +7 +2 .* FAILED exit code 2'
line '^test_autograd .* FAILED crashed by signal 11'
line '^test_optim .* FAILED out of time'
line '^test_gan +0 +0 .* FAILED no cases ran'
line '^test_checkpoint .* FAILED no cases ran'
line '^test_init +4 +0 .* FAILED 4 of 5 cases ran'
line '^test_core .* FAILED it finds no GPU'
line '^test_data +4 +0 .* ok'
line '^test_late +1 +0 .* ok'
line '^memcheck .* ok'
line '^racecheck .* FAILED RACECHECK SUMMARY: 1 hazard'
line '^initcheck .* FAILED no summary; exit code 1'
line '^correctness: 9 failed'
! command -v python3 >/dev/null || check "JSON" python3 -m json.tool "$work/bad_results/correctness.json"

run 2 "$bad" everything
run 2 "$work" correctness

# Programs that were built, in a folder that has what they need.
if [ -n "$build" ]; then
    folder=$work/folder
    check "collect" "$script" collect "$build" "$folder"
    cases=$(awk '{ n += $2 } END { print n + 0 }' "$folder/cases.txt")
    check "cases are counted" [ "$cases" -gt 0 ]
    while read -r name count; do
        CUDA_VISIBLE_DEVICES='' "$folder/bin/$name" >"$work/output"
        check "exit code 77 of $name without a GPU" [ $? -eq 77 ]
        line 'skipped, no GPU to run on: '
    done <"$folder/cases.txt"
    program "$folder" test_cuda "$version2"
    tool compute-sanitizer "$(sed 1d "$work/tools/compute-sanitizer" | sed 's/1 hazard displayed/0 hazards displayed/; s/.*not supported.*/*) echo "========= ERROR SUMMARY: 0 errors" ;;/')"
    "$folder/gpu.sh" run "$folder" correctness "$work/results" >"$work/output" 2>&1
    check "the collected programs pass: $(cat "$work/output")" [ $? -eq 0 ]
    while read -r name count; do line "^$name +$count +0 .* ok"; done <"$folder/cases.txt"
fi

[ "$failed" -eq 0 ] && echo "gpu.sh: all is as it should be"
exit "$failed"
