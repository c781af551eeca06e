// The fakes' and the slot store's sources, compiled into this program: its CMake target links the HTTP adapter alone.
// They are included, so their unnamed namespaces look to GCC like those of a header.
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#include "tests/fakes/memory_call_store.cpp"        // NOLINT(bugprone-suspicious-include)
#include "tests/fakes/memory_call_store_calls.cpp"  // NOLINT(bugprone-suspicious-include)
#include "tests/fakes/virtual_clock.cpp"            // NOLINT(bugprone-suspicious-include)
