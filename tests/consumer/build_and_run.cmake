# Configures, builds and runs project/ in the folder WORK, with gantry found in the way WAY.
file(REMOVE_RECURSE "${WORK}")
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
if(WAY MATCHES "cuda$")
    execute_process(COMMAND "${WORK}/build/consumer_cuda" COMMAND_ERROR_IS_FATAL ANY)
endif()
