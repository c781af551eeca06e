// See linked_fakes.cpp.
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#include "adapters/memory/memory_slot_store.cpp"  // NOLINT(bugprone-suspicious-include)
