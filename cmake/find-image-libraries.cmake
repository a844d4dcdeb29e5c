# Defines gantry::zimg and gantry::exif: zimg and libexif have no CMake packages.
set(zimg_header zimg.h)
set(exif_header libexif/exif-data.h)
foreach(library zimg exif)
    if(NOT TARGET gantry::${library})
        string(TOUPPER ${library} prefix)
        find_path(${prefix}_INCLUDE_DIR ${${library}_header} REQUIRED)
        find_library(${prefix}_LIBRARY ${library} REQUIRED)
        mark_as_advanced(${prefix}_INCLUDE_DIR ${prefix}_LIBRARY)
        add_library(gantry::${library} UNKNOWN IMPORTED GLOBAL)
        set_target_properties(
            gantry::${library} PROPERTIES IMPORTED_LOCATION "${${prefix}_LIBRARY}"
                                          INTERFACE_INCLUDE_DIRECTORIES "${${prefix}_INCLUDE_DIR}")
    endif()
endforeach()
