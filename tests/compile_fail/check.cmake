# Compiles SOURCE with COMMAND. EXPECTED=pass: it must compile. EXPECTED=fail: it must not, and the compiler's
# output must fit what the comments of SOURCE ask for:
#   // expect: REGEX          must match the output; at least one such line
#   // expect-gcc: REGEX      the same, for g++ only
#   // expect-clang: REGEX    the same, for clang only
#   // expect-nvcc: REGEX     the same, for nvcc only
#   // max-errors: N          at most N errors may be reported
# REGEX is CMake's; runs of white space in the output are one space.
execute_process(
    COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C ${COMMAND} "${SOURCE}"
    RESULT_VARIABLE result
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output)

if(EXPECTED STREQUAL "pass")
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "this program must compile:\n${output}")
    endif()
    return()
endif()

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

file(STRINGS "${SOURCE}" limit REGEX "^// max-errors: ")
if(limit)
    string(REGEX REPLACE "^// max-errors: " "" limit "${limit}")
    string(REGEX MATCHALL "error: " errors "${output}")
    list(LENGTH errors count)
    if(count GREATER limit)
        message(SEND_ERROR "${count} errors where ${limit} are enough:\n${output}")
    endif()
endif()
