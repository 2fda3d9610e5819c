# find_package(sensilla): the target sensilla::sensilla.
#
# SENSILLA_TARGET says which library, a folder of lib/; without it, this machine's.
if(NOT SENSILLA_TARGET)
  if(CMAKE_CROSSCOMPILING)
    message(FATAL_ERROR "set SENSILLA_TARGET to a folder of ${CMAKE_CURRENT_LIST_DIR}/lib, such as thumbv7em-none-eabihf")
  endif()
  set(SENSILLA_TARGET host)
endif()
set(sensilla_library "${CMAKE_CURRENT_LIST_DIR}/lib/${SENSILLA_TARGET}/libsensilla.a")
if(NOT EXISTS "${sensilla_library}")
  message(FATAL_ERROR "sensilla was not built for SENSILLA_TARGET=${SENSILLA_TARGET}: there is no ${sensilla_library}")
endif()
if(NOT TARGET sensilla::sensilla)
  add_library(sensilla::sensilla STATIC IMPORTED)
  set_target_properties(sensilla::sensilla PROPERTIES
    IMPORTED_LOCATION "${sensilla_library}"
    INTERFACE_INCLUDE_DIRECTORIES "${CMAKE_CURRENT_LIST_DIR}/include")
endif()
set(sensilla_FOUND TRUE)
