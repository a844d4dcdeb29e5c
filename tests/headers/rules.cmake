# What may include what: file formats only io/ and data/; and every header has
# its include guard. Use: cmake -D HEADERS=include/gantry -P rules.cmake
file(GLOB_RECURSE headers RELATIVE "${HEADERS}" "${HEADERS}/*.hpp")
foreach(header IN LISTS headers)
    file(READ "${HEADERS}/${header}" text)
    if(NOT text MATCHES "#pragma once")
        message(SEND_ERROR "${header}: no #pragma once")
    endif()
    if(text MATCHES "#include <(zlib\\.h|png\\.h|jpeglib\\.h|zimg\\.h|gif_lib\\.h|nlohmann/)" AND NOT header MATCHES "^(io|data)/")
        message(SEND_ERROR "${header}: includes the library of a file format; only io/ and data/ may")
    endif()
endforeach()
