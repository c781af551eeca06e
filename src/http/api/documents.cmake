# The files that documents.cpp embeds.
set(folder ${CMAKE_CURRENT_SOURCE_DIR}/http/api)
set(documents openapi.json docs.html problems.html docs.css)
list(TRANSFORM documents PREPEND ${folder}/)
set_source_files_properties(${folder}/documents.cpp PROPERTIES OBJECT_DEPENDS "${documents}"
  COMPILE_DEFINITIONS "TAPEDECK_HTTP_FOLDER=\"${folder}\"")
