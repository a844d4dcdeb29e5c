# Configures, builds and runs project/ in the folder WORK, with gantry found in the way WAY.
file(REMOVE_RECURSE "${WORK}")
if(WAY STREQUAL "find_package") # from a configuration that searches for no library
    foreach(library IN ITEMS benchmark Catch2 CLI11 Eigen3 GIF JPEG nlohmann_json OpenMP PNG ZLIB)
        list(APPEND without -D CMAKE_DISABLE_FIND_PACKAGE_${library}=ON)
    endforeach()
    execute_process(COMMAND "${CMAKE_COMMAND}" --preset headers -B "${WORK}/headers" -G "${GENERATOR}"
                            -D "CMAKE_CXX_COMPILER=${COMPILER}" ${without}
                    WORKING_DIRECTORY "${GANTRY_SOURCE}" OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
    set(GANTRY_BINARY "${WORK}/headers")
endif()
if(WAY MATCHES "^find_package")
    execute_process(COMMAND "${CMAKE_COMMAND}" --install "${GANTRY_BINARY}" --prefix "${WORK}/prefix"
                    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endif()
if(WAY STREQUAL "find_package_nvcc")
    set(options "-DCMAKE_CUDA_COMPILER=${NVCC}" -DCMAKE_CUDA_ARCHITECTURES=80)
endif()
execute_process(
    COMMAND "${CMAKE_COMMAND}" -G "${GENERATOR}" -S "${CMAKE_CURRENT_LIST_DIR}/project" -B "${WORK}/build"
            -D WAY=${WAY} -D "GANTRY_SOURCE=${GANTRY_SOURCE}" -D "CMAKE_PREFIX_PATH=${WORK}/prefix"
            -D "CMAKE_CXX_COMPILER=${COMPILER}" ${options}
    COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${WORK}/build" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${WORK}/build/consumer" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${WORK}/build" --prefix "${WORK}/consumer" OUTPUT_QUIET
                COMMAND_ERROR_IS_FATAL ANY)
if(WAY MATCHES "cuda$")
    execute_process(COMMAND "${WORK}/build/consumer_cuda" COMMAND_ERROR_IS_FATAL ANY)
endif()
