# All C++ and CUDA files have the layout of .clang-format.
execute_process(COMMAND "${GIT}" ls-files *.hpp *.cpp *.h *.cu *.cuh OUTPUT_VARIABLE files COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" files "${files}")
list(REMOVE_ITEM files "")
execute_process(COMMAND "${CLANG_FORMAT}" --dry-run -Werror ${files} RESULT_VARIABLE result)
if(result)
    message(FATAL_ERROR "run clang-format-19 -i on these files")
endif()
