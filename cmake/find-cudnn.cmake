# Defines gantry::cudnn: cuDNN has no CMake package. It is installed with the CUDA Toolkit or in the system's
# folders.
if(NOT TARGET gantry::cudnn)
    find_path(CUDNN_INCLUDE_DIR cudnn.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
    find_library(CUDNN_LIBRARY cudnn HINTS "${CUDAToolkit_LIBRARY_DIR}" "${CUDAToolkit_LIBRARY_ROOT}/lib")
    mark_as_advanced(CUDNN_INCLUDE_DIR CUDNN_LIBRARY)
    if(NOT CUDNN_INCLUDE_DIR OR NOT CUDNN_LIBRARY)
        message(FATAL_ERROR "gantry::cuda needs cuDNN 9.8 or newer: install it beside the CUDA Toolkit, or set CUDNN_INCLUDE_DIR and "
                            "CUDNN_LIBRARY to its header's folder and its library")
    endif()
    add_library(gantry::cudnn UNKNOWN IMPORTED GLOBAL)
    set_target_properties(gantry::cudnn PROPERTIES IMPORTED_LOCATION "${CUDNN_LIBRARY}"
                                                   INTERFACE_INCLUDE_DIRECTORIES "${CUDNN_INCLUDE_DIR}")
endif()
