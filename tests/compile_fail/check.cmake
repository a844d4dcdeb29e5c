# Compiles SOURCE, NAME.fail.cpp, with COMMAND. It must not compile, and the compiler's output must match its
# comments:
#   // expect: REGEX          must match the output; at least one such line
#   // expect-gcc: REGEX      the same, for g++ only
#   // expect-clang: REGEX    the same, for clang only
#   // expect-nvcc: REGEX     the same, for nvcc only
#   // max-errors: N          at most N errors may be reported
#   // trains: NETWORK        train.cpp also trains this network, as for its twin; errors must be in SOURCE only
# REGEX uses CMake's syntax; runs of white space in the output count as one space. `ctest --verbose` prints how many
# errors and lines there are, and the first error.
file(STRINGS "${SOURCE}" network REGEX "^// trains: ")
string(REPLACE "// trains: " "" network "${network}")
set(program "${SOURCE}")
if(network)
    set(program "-DPROGRAM=<${SOURCE}>" "-DNETWORK=${network}" "${CMAKE_CURRENT_LIST_DIR}/train.cpp")
endif()
execute_process(
    COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C ${COMMAND} ${program}
    RESULT_VARIABLE result
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output)

if(result EQUAL 0)
    message(FATAL_ERROR "this program must not compile, but it does")
endif()
if(COMPILER_ID STREQUAL "GNU")
    set(compiler gcc)
elseif(COMPILER_ID STREQUAL "NVIDIA")
    set(compiler nvcc)
else()
    set(compiler clang)
endif()

file(STRINGS "${SOURCE}" expectations REGEX "^// expect(-${compiler})?: ")
if(NOT expectations)
    message(FATAL_ERROR "no line '// expect: REGEX' says what the compiler must tell the user")
endif()
string(REGEX REPLACE "[ \n\t]+" " " one_line "${output}")
foreach(expectation IN LISTS expectations)
    string(REGEX REPLACE "^// expect[^:]*: " "" regex "${expectation}")
    if(NOT one_line MATCHES "${regex}")
        message(SEND_ERROR "the compiler's output does not match: ${regex}\n${output}")
    endif()
endforeach()
if(output MATCHES "train\\.cpp:[0-9]+:[0-9]+")
    message(SEND_ERROR "the compiler reports a use of the network, not its type:\n${output}")
endif()

string(REGEX MATCHALL "error: " errors "${output}")
list(LENGTH errors count)
string(REGEX MATCHALL "\n" lines "${output}")
list(LENGTH lines line_count)
string(REGEX MATCH "[^\n]*error: [^\n]*" first_error "${output}")
message(STATUS "errors: ${count}, lines: ${line_count}, first error: ${first_error}")

file(STRINGS "${SOURCE}" limit REGEX "^// max-errors: ")
if(limit)
    string(REGEX REPLACE "^// max-errors: " "" limit "${limit}")
    if(count GREATER limit)
        message(SEND_ERROR "${count} errors where ${limit} are enough:\n${output}")
    endif()
endif()
