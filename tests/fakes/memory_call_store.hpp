#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "calls/ports/call_store.hpp"

namespace tapedeck {

/// A call store in memory, for simulations: deterministic, and its tasks complete without suspending. It passes
/// tests/contract/call_store_contract.hpp, as the real ones do. One thread only.
class MemoryCallStore final : public CallStore {
 public:
  Task<Result<PutOutcome>> put_business(Business business) override;
  Task<Result<std::optional<Business>>> find_business(BusinessId id) override;
  Task<Result<std::vector<Business>>> list_businesses() override;

  Task<Result<PutOutcome>> put_call(BusinessId business, CallUpdate update, SystemTime now) override;
  Task<Result<std::optional<Call>>> find_call(BusinessId business, CallSid call) override;
  Task<Result<CallPage>> list_calls(BusinessId business, CallQuery query) override;

  Task<Result<std::optional<Recording>>> find_recording(BusinessId business, Sid sid) override;
  Task<Result<RecordingChange>> announce(BusinessId business, RecordingAnnouncement announcement,
                                         SystemTime now) override;
  Task<Result<RecordingChange>> want(BusinessId business, Sid sid, Lane lane, SystemTime now) override;
  Task<Result<RecordingChange>> retry(BusinessId business, Sid sid, SystemTime now) override;
  Task<Result<RecordingChange>> cancel(BusinessId business, Sid sid) override;
  Task<Result<RecordingChange>> remove(BusinessId business, Sid sid) override;
  Task<Result<void>> forget_blob(std::int64_t row_id) override;
  Task<Result<std::vector<Recording>>> deleted_with_blob(int limit) override;

  Task<Result<RecordingChange>> set_hold(BusinessId business, Sid sid, std::optional<Hold> hold) override;
  Task<Result<bool>> reschedule_deletions(int limit) override;
  Task<Result<std::vector<Recording>>> expire(SystemTime now, int limit) override;
  Task<Result<ErasedCall>> erase_call(BusinessId business, CallSid call, EraseOrder order) override;
  Task<Result<std::vector<Recording>>> recordings_of(BusinessId business, std::string after_sid, int limit) override;
  Task<Result<bool>> note_damage(std::int64_t row_id, std::string blob_key, std::optional<std::string> damage) override;
  Task<Result<RecordingChange>> refetch(BusinessId business, Sid sid, Lane lane, SystemTime now) override;
  Task<Result<std::vector<Recording>>> due_source_deletions(SystemTime now, int limit) override;
  Task<Result<void>> settle_source(std::int64_t row_id, SourceOutcome outcome) override;

  Task<Result<std::optional<Recording>>> begin_attempt(BusinessId business, Sid sid) override;
  Task<Result<void>> commit_stored(std::int64_t row_id, std::int64_t fence, StoredAudio audio) override;
  Task<Result<void>> fail_attempt(std::int64_t row_id, std::int64_t fence, AttemptFailure failure) override;
  Task<Result<void>> hand_back(std::int64_t row_id, std::int64_t fence, AttemptConnection connection) override;
  Task<Result<void>> close_attempt(std::int64_t row_id, std::int64_t fence) override;
  Task<Result<void>> reclaim(BusinessId business, Sid sid, std::optional<Cause> give_up) override;
  Task<Result<std::vector<MeasureClaim>>> claim_unmeasured(SystemTime now, SystemTime until, int limit) override;
  Task<Result<void>> release_measures() override;
  Task<Result<void>> record_measure(std::int64_t row_id, std::string blob_key, AudioMeasure measure) override;
  Task<Result<void>> fail_measure(std::int64_t row_id, std::string blob_key, MeasureFailure failure) override;
  Task<Result<void>> measure_again(std::int64_t row_id, std::string blob_key) override;
  Task<Result<std::vector<WaitingRecording>>> waiting(std::int64_t after, int limit) override;
  Task<Result<std::vector<WaitingRecording>>> waiting_of(BusinessId business, std::int64_t after, int limit) override;
  Task<Result<std::vector<Sid>>> waiting_fetches(BusinessId business, SystemTime now, int limit) override;
  Task<Result<std::vector<BacklogLine>>> backlog(SystemTime now) override;
  Task<Result<std::vector<BusinessId>>> businesses_at_work() override;
  Task<Result<bool>> has_open_attempt(BusinessId business) override;
  Task<Result<std::int64_t>> raise_slot_epoch(BusinessId business, SystemTime now) override;

  Task<Result<std::vector<std::optional<KnownRecording>>>> known_recordings(
      AccountSid account, std::vector<RecordingSid> recordings) override;
  Task<Result<Import>> open_import(BusinessId business, ImportScope scope, bool anew, SystemTime now) override;
  Task<Result<void>> save_import(Import import) override;
  Task<Result<std::vector<ImportTally>>> import_tally(std::int64_t import) override;
  Task<Result<std::vector<BusinessId>>> importing_since(SystemTime since) override;
  Task<Result<std::vector<Recording>>> stored_after(std::int64_t after, int limit) override;
  Task<Result<void>> lose_audio(std::int64_t row_id, std::int64_t fence, std::optional<Cause> cause,
                                SystemTime now) override;
  Task<Result<bool>> take_lease(std::string name, std::string holder, SystemTime now, Milliseconds ttl) override;
  Task<Result<void>> drop_lease(std::string name, std::string holder) override;
  Task<Result<bool>> is_leased(std::string name, SystemTime now) override;
  Task<Result<UpkeepMark>> find_mark(std::string name) override;
  Task<Result<void>> put_mark(std::string name, UpkeepMark mark) override;

  Task<Result<std::int64_t>> create_key(ApiKey key) override;
  Task<Result<std::optional<ApiKey>>> find_key(std::string hash) override;
  Task<Result<std::vector<ApiKey>>> list_keys() override;
  Task<Result<void>> revoke_key(std::int64_t id, SystemTime now) override;
  Task<Result<void>> create_login(std::string token_hash, LoginGrant grant, SystemTime expires) override;
  Task<Result<std::optional<LoginGrant>>> consume_login(std::string token_hash, SystemTime now) override;
  Task<Result<std::int64_t>> create_session(PageSession session) override;
  Task<Result<std::optional<PageSession>>> find_session(std::string token_hash, SystemTime now,
                                                        SystemTime seen_since) override;
  Task<Result<void>> touch_session(std::int64_t id, SystemTime now) override;
  Task<Result<std::vector<PageSession>>> list_sessions(SystemTime now) override;
  Task<Result<void>> end_session(std::int64_t id) override;

  Task<Result<void>> append_audit(std::vector<AuditEntry> entries) override;
  Task<Result<AuditPage>> list_audit(AuditQuery query) override;
  Task<Result<void>> ping() override;

  // What a test looks at from outside.

  /// Every recording; row_id is the place plus one.
  [[nodiscard]] const std::deque<Recording>& recordings() const { return recordings_; }
  [[nodiscard]] const std::vector<AuditEntry>& audit() const { return audit_; }

 private:
  struct CallRow {
    Call call;
    std::vector<std::int64_t> recordings;  // row ids, first heard of first
    std::string search_text;
  };
  using Timeline = std::map<std::pair<SystemTime, std::int64_t>, std::size_t>;  // (started_at, row id) -> calls_
  struct Tenant {
    Business business;
    std::unordered_map<CallSid, std::size_t> calls;
    Timeline timeline;
    std::unordered_map<Sid, std::int64_t> by_name;
    std::unordered_map<RecordingSid, std::int64_t> by_recording;
  };
  struct Login {
    LoginGrant grant;
    SystemTime expires;
  };

  [[nodiscard]] Tenant* tenant(const BusinessId& id);
  [[nodiscard]] Recording& row(std::int64_t row_id) { return recordings_[static_cast<std::size_t>(row_id - 1)]; }
  [[nodiscard]] Recording* row_with_audio(std::int64_t row_id, const std::string& blob_key);
  [[nodiscard]] Result<Recording*> row_at_fence(std::int64_t row_id, std::int64_t fence);
  void note_end(std::int64_t row_id, AttemptConnection connection);
  [[nodiscard]] std::vector<WaitingRecording> waiting_where(const BusinessId* business, std::int64_t after, int limit);
  [[nodiscard]] Recording* find_row(const BusinessId& business, const Sid& sid);
  [[nodiscard]] std::optional<SystemTime> end_of_retention(const Recording& recording, SystemTime stored_at);
  void forget_content(Recording& recording);
  [[nodiscard]] bool is_live(const PageSession& session, SystemTime now) const;

  [[nodiscard]] CallRow& find_or_add_call(Tenant& tenant, const CallSid& sid, SystemTime started_at);
  void set_started_at(Tenant& tenant, CallRow& call, SystemTime started_at);
  [[nodiscard]] const Recording* shown_recording(const CallRow& call) const;

  /// Error kConflict when the recording is another's.
  [[nodiscard]] Result<void> check_identity(Tenant& tenant, const CallSid& call, const RecordingSid& recording,
                                            const AccountSid& account);
  [[nodiscard]] std::pair<Recording*, bool> find_or_add_recording(Tenant& tenant, CallRow& call,
                                                                  const RecordingSid& recording,
                                                                  const AccountSid& account);
  void leave(const Recording& recording);
  void set_state(Recording& recording, RecordingState state);
  void enqueue(Recording& recording, Lane lane, SystemTime now);

  struct Lease {
    std::string holder;
    SystemTime expires_at;
  };

  std::map<BusinessId, Tenant> tenants_;
  std::deque<CallRow> calls_;
  std::deque<Recording> recordings_;
  std::map<std::pair<AccountSid, RecordingSid>, std::int64_t> identities_;
  std::map<std::int64_t, std::int64_t> waiting_;  // wanted_order -> row id
  std::map<std::int64_t, SystemTime> wanted_at_;  // row id -> when it was asked for last
  std::set<std::int64_t> deleted_with_blob_;
  std::map<std::int64_t, int> open_attempts_;  // row id -> 1, or 2 for more
  struct Unmeasured {
    SystemTime at;  // nobody is at it from then on
    int tries = 0;
  };
  std::map<std::int64_t, Unmeasured> unmeasured_;  // by row id
  std::map<BusinessId, std::int64_t> slot_epochs_;
  std::vector<Import> imports_;                     // row id is the place plus one
  std::map<std::int64_t, std::int64_t> import_of_;  // row id of a recording -> the import that queued it
  std::map<std::string, Lease> leases_;
  std::map<std::string, UpkeepMark> marks_;
  std::vector<ApiKey> keys_;
  std::map<std::string, Login> logins_;
  std::map<std::int64_t, PageSession> sessions_;
  std::int64_t last_session_ = 0;
  std::vector<AuditEntry> audit_;
  std::map<BusinessId, std::string> rescheduled_to_;          // those whose retention changed
  std::map<std::int64_t, StoredAudio> audio_being_replaced_;  // row id -> the damaged audio that is fetched again
};

}  // namespace tapedeck
