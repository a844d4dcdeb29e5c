# The functions of tests/CMakeLists.txt and of the folders below it.

# The headers that test executables share by REUSE_FROM name: compiled once, with the libraries that follow.
function(add_precompiled_headers name)
    file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp" CONTENT "")
    add_library(${name} OBJECT "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp")
    target_link_libraries(${name} PRIVATE ${ARGN} Catch2::Catch2WithMain)
    target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
    target_compile_options(${name} PRIVATE -O0)
    target_precompile_headers(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests/support/catch.hpp"
                              "${PROJECT_SOURCE_DIR}/tests/support/cpu_kernels.hpp" <gantry/eigen.hpp>)
endfunction()

# Makes each case of test_FOLDER that matches the Catch2 test spec `cases` a test FOLDER/CASE.
function(add_cases folder cases label)
    catch_discover_tests(
        test_${folder}
        TEST_SPEC "${cases}"
        TEST_PREFIX "${folder}/"
        PROPERTIES LABELS ${label} TIMEOUT 300)
endfunction()

# Without gantry::io: removes the test files that use it from a list.
function(remove_files_of_io list)
    if(NOT GANTRY_IO)
        set(io "gantry/(checkpoint|io)|gantry/data/(cifar10|idx|mnist|image_folder)[.]hpp|gan/run[.]hpp|(readme|tutorial)_")
        foreach(file IN LISTS ${list})
            file(STRINGS "${file}" lines REGEX "#include [<\"](${io})")
            if(lines)
                list(REMOVE_ITEM ${list} "${file}")
            endif()
        endforeach()
        set(${list} ${${list}} PARENT_SCOPE)
    endif()
endfunction()

# Finds a folder's test files for the device Cuda: in tests/cuda and tests/cuda_calls all files, in other
# folders those with test bodies for all devices.
function(find_cuda_tests folder result)
    file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${folder}/test_*.cpp")
    if(NOT folder MATCHES "^cuda")
        foreach(file IN LISTS files)
            file(STRINGS "${file}" lines REGEX "GANTRY_TEST_DEVICES")
            if(NOT lines)
                list(REMOVE_ITEM files "${file}")
            endif()
        endforeach()
    endif()
    if(NOT folder STREQUAL "cuda_calls")
        foreach(file IN LISTS files)
            file(STRINGS "${file}" lines REGEX "#include [<\"]cuda_emulator/")
            if(lines)
                message(FATAL_ERROR "${file} also runs on a GPU: test cases that ask the emulator go to tests/cuda_calls")
            endif()
        endforeach()
    endif()
    remove_files_of_io(files)
    set(${result} ${files} PARENT_SCOPE)
endfunction()

# Extracts a document's C++ blocks as headers: the first one of README.md is readme_1.hpp. Its test,
# tests/docs/test_readme.cpp, must include each of them.
function(extract_code_blocks document)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${document}")
    cmake_path(GET document STEM name)
    string(TOLOWER "${name}" name)
    file(READ "${PROJECT_SOURCE_DIR}/${document}" text)
    set(number 0)
    while(text MATCHES "```cpp\n")
        string(FIND "${text}" "```cpp\n" begin)
        math(EXPR begin "${begin} + 7")
        string(SUBSTRING "${text}" ${begin} -1 text)
        string(FIND "${text}" "```" end)
        string(SUBSTRING "${text}" 0 ${end} block)
        math(EXPR number "${number} + 1")
        file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/code_blocks/${name}_${number}.hpp" CONTENT "${block}" @ONLY)
        file(STRINGS docs/test_${name}.cpp included REGEX "#include <${name}_${number}[.]hpp>")
        if(NOT included)
            message(FATAL_ERROR "tests/docs/test_${name}.cpp must test C++ block ${number} of ${document}")
        endif()
        string(SUBSTRING "${text}" ${end} -1 text)
    endwhile()
endfunction()

# The example of a user-defined functor prints Mish and its derivatives, on the device that it was compiled
# for.
function(add_custom_activation_test name program label)
    add_test(NAME ${name} COMMAND ${program})
    set(numbers "1[.]0 +0[.]8651 +1[.]0490 +0[.]1847 +0[.]8651")
    set_tests_properties(${name} PROPERTIES PASS_REGULAR_EXPRESSION "${numbers};${ARGN}" LABELS ${label} TIMEOUT 60)
endfunction()
