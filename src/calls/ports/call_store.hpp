#pragma once

#include "calls/ports/attempt_store.hpp"
#include "calls/ports/audit_store.hpp"
#include "calls/ports/business_store.hpp"
#include "calls/ports/call_list_store.hpp"
#include "calls/ports/import_store.hpp"
#include "calls/ports/keeping_store.hpp"
#include "calls/ports/key_store.hpp"
#include "calls/ports/lease_store.hpp"
#include "calls/ports/measure_store.hpp"
#include "calls/ports/recording_store.hpp"
#include "calls/ports/session_store.hpp"
#include "calls/ports/waiting_store.hpp"

namespace tapedeck {

/// The truth: every business, call and recording, and what was asked for. Thread-safe. Each use case takes only the
/// roles that it touches; the whole is for the composition root.
///
/// A change has reached the disk when its task returns a value. Every task may fail with kUnavailable, kIo, kNoSpace or
/// kReadOnly; then nothing changed. A lookup of what does not exist, or belongs to another business, answers an empty
/// optional; a change of it answers kNotFound. Both stores pass tests/contract/call_store_contract.hpp.
class CallStore : public BusinessStore,
                  public CallListStore,
                  public RecordingStore,
                  public AttemptStore,
                  public WaitingStore,
                  public MeasureStore,
                  public KeepingStore,
                  public ImportStore,
                  public LeaseStore,
                  public KeyStore,
                  public SessionStore,
                  public AuditStore {
 public:
  /// Answers at once; an error says what is wrong with the store. For readyz.
  [[nodiscard]] virtual Task<Result<void>> ping() = 0;
};

}  // namespace tapedeck
