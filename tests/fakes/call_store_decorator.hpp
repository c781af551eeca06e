#pragma once

#include <utility>

#include "calls/ports/call_store.hpp"

namespace tapedeck {

/// Passes every call on to another store; a test overrides before() to let calls fail.
class CallStoreDecorator : public CallStore {
 public:
  explicit CallStoreDecorator(CallStore& next) : next_(next) {}

  Task<Result<PutOutcome>> put_business(Business business) override { return next_.put_business(std::move(business)); }
  Task<Result<std::optional<Business>>> find_business(BusinessId id) override {
    return next_.find_business(std::move(id));
  }
  Task<Result<std::vector<Business>>> list_businesses() override { return next_.list_businesses(); }
  Task<Result<PutOutcome>> put_call(BusinessId business, CallUpdate update, SystemTime now) override {
    return guarded(next_.put_call(std::move(business), std::move(update), now));
  }
  Task<Result<std::optional<Call>>> find_call(BusinessId business, CallSid call) override {
    return guarded(next_.find_call(std::move(business), std::move(call)));
  }
  Task<Result<CallPage>> list_calls(BusinessId business, CallQuery query) override {
    return guarded(next_.list_calls(std::move(business), std::move(query)));
  }
  Task<Result<std::optional<Recording>>> find_recording(BusinessId business, Sid sid) override {
    return guarded(next_.find_recording(std::move(business), std::move(sid)));
  }
  Task<Result<RecordingChange>> announce(BusinessId business, RecordingAnnouncement announcement,
                                         SystemTime now) override {
    return guarded(next_.announce(std::move(business), std::move(announcement), now));
  }
  Task<Result<RecordingChange>> want(BusinessId business, Sid sid, Lane lane, SystemTime now) override {
    return guarded(next_.want(std::move(business), std::move(sid), lane, now));
  }
  Task<Result<RecordingChange>> retry(BusinessId business, Sid sid, SystemTime now) override {
    return guarded(next_.retry(std::move(business), std::move(sid), now));
  }
  Task<Result<RecordingChange>> cancel(BusinessId business, Sid sid) override {
    return guarded(next_.cancel(std::move(business), std::move(sid)));
  }
  Task<Result<RecordingChange>> remove(BusinessId business, Sid sid) override {
    return guarded(next_.remove(std::move(business), std::move(sid)));
  }
  Task<Result<void>> forget_blob(std::int64_t row_id) override { return guarded(next_.forget_blob(row_id)); }
  Task<Result<std::vector<Recording>>> deleted_with_blob(int limit) override {
    return guarded(next_.deleted_with_blob(limit));
  }
  Task<Result<RecordingChange>> set_hold(BusinessId business, Sid sid, std::optional<Hold> hold) override {
    return guarded(next_.set_hold(std::move(business), std::move(sid), std::move(hold)));
  }
  Task<Result<bool>> reschedule_deletions(int limit) override { return guarded(next_.reschedule_deletions(limit)); }
  Task<Result<std::vector<Recording>>> expire(SystemTime now, int limit) override {
    return guarded(next_.expire(now, limit));
  }
  Task<Result<ErasedCall>> erase_call(BusinessId business, CallSid call, EraseOrder order) override {
    return guarded(next_.erase_call(std::move(business), std::move(call), std::move(order)));
  }
  Task<Result<std::vector<Recording>>> recordings_of(BusinessId business, std::string after_sid, int limit) override {
    return guarded(next_.recordings_of(std::move(business), std::move(after_sid), limit));
  }
  Task<Result<bool>> note_damage(std::int64_t row_id, std::string blob_key,
                                 std::optional<std::string> damage) override {
    return guarded(next_.note_damage(row_id, std::move(blob_key), std::move(damage)));
  }
  Task<Result<RecordingChange>> refetch(BusinessId business, Sid sid, Lane lane, SystemTime now) override {
    return guarded(next_.refetch(std::move(business), std::move(sid), lane, now));
  }
  Task<Result<std::vector<Recording>>> due_source_deletions(SystemTime now, int limit) override {
    return guarded(next_.due_source_deletions(now, limit));
  }
  Task<Result<void>> settle_source(std::int64_t row_id, SourceOutcome outcome) override {
    return guarded(next_.settle_source(row_id, std::move(outcome)));
  }
  Task<Result<std::optional<Recording>>> begin_attempt(BusinessId business, Sid sid) override {
    return guarded(next_.begin_attempt(std::move(business), std::move(sid)));
  }
  Task<Result<void>> commit_stored(std::int64_t row_id, std::int64_t fence, StoredAudio audio) override {
    return guarded(next_.commit_stored(row_id, fence, std::move(audio)));
  }
  Task<Result<void>> fail_attempt(std::int64_t row_id, std::int64_t fence, AttemptFailure failure) override {
    return guarded(next_.fail_attempt(row_id, fence, std::move(failure)));
  }
  Task<Result<void>> hand_back(std::int64_t row_id, std::int64_t fence, AttemptConnection connection) override {
    return guarded(next_.hand_back(row_id, fence, connection));
  }
  Task<Result<void>> close_attempt(std::int64_t row_id, std::int64_t fence) override {
    return guarded(next_.close_attempt(row_id, fence));
  }
  Task<Result<void>> reclaim(BusinessId business, Sid sid, std::optional<Cause> give_up) override {
    return guarded(next_.reclaim(std::move(business), std::move(sid), std::move(give_up)));
  }
  Task<Result<std::vector<MeasureClaim>>> claim_unmeasured(SystemTime now, SystemTime until, int limit) override {
    return guarded(next_.claim_unmeasured(now, until, limit));
  }
  Task<Result<void>> release_measures() override { return guarded(next_.release_measures()); }
  Task<Result<void>> record_measure(std::int64_t row_id, std::string blob_key, AudioMeasure measure) override {
    return guarded(next_.record_measure(row_id, std::move(blob_key), std::move(measure)));
  }
  Task<Result<void>> fail_measure(std::int64_t row_id, std::string blob_key, MeasureFailure failure) override {
    return guarded(next_.fail_measure(row_id, std::move(blob_key), std::move(failure)));
  }
  Task<Result<void>> measure_again(std::int64_t row_id, std::string blob_key) override {
    return guarded(next_.measure_again(row_id, std::move(blob_key)));
  }
  Task<Result<std::vector<WaitingRecording>>> waiting(std::int64_t after, int limit) override {
    return guarded(next_.waiting(after, limit));
  }
  Task<Result<std::vector<WaitingRecording>>> waiting_of(BusinessId business, std::int64_t after, int limit) override {
    return guarded(next_.waiting_of(std::move(business), after, limit));
  }
  Task<Result<std::vector<Sid>>> waiting_fetches(BusinessId business, SystemTime now, int limit) override {
    return guarded(next_.waiting_fetches(std::move(business), now, limit));
  }
  Task<Result<std::vector<BacklogLine>>> backlog(SystemTime now) override { return guarded(next_.backlog(now)); }
  Task<Result<std::vector<BusinessId>>> businesses_at_work() override { return guarded(next_.businesses_at_work()); }
  Task<Result<bool>> has_open_attempt(BusinessId business) override {
    return guarded(next_.has_open_attempt(std::move(business)));
  }
  Task<Result<std::int64_t>> raise_slot_epoch(BusinessId business, SystemTime now) override {
    return guarded(next_.raise_slot_epoch(std::move(business), now));
  }
  Task<Result<std::vector<std::optional<KnownRecording>>>> known_recordings(
      AccountSid account, std::vector<RecordingSid> recordings) override {
    return guarded(next_.known_recordings(std::move(account), std::move(recordings)));
  }
  Task<Result<Import>> open_import(BusinessId business, ImportScope scope, bool anew, SystemTime now) override {
    return guarded(next_.open_import(std::move(business), std::move(scope), anew, now));
  }
  Task<Result<void>> save_import(Import import) override { return guarded(next_.save_import(std::move(import))); }
  Task<Result<std::vector<ImportTally>>> import_tally(std::int64_t import) override {
    return guarded(next_.import_tally(import));
  }
  Task<Result<std::vector<BusinessId>>> importing_since(SystemTime since) override {
    return guarded(next_.importing_since(since));
  }
  Task<Result<std::vector<Recording>>> stored_after(std::int64_t after, int limit) override {
    return guarded(next_.stored_after(after, limit));
  }
  Task<Result<void>> lose_audio(std::int64_t row_id, std::int64_t fence, std::optional<Cause> cause,
                                SystemTime now) override {
    return guarded(next_.lose_audio(row_id, fence, std::move(cause), now));
  }
  Task<Result<bool>> take_lease(std::string name, std::string holder, SystemTime now, Milliseconds ttl) override {
    return guarded(next_.take_lease(std::move(name), std::move(holder), now, ttl));
  }
  Task<Result<void>> drop_lease(std::string name, std::string holder) override {
    return guarded(next_.drop_lease(std::move(name), std::move(holder)));
  }
  Task<Result<bool>> is_leased(std::string name, SystemTime now) override {
    return guarded(next_.is_leased(std::move(name), now));
  }
  Task<Result<UpkeepMark>> find_mark(std::string name) override { return guarded(next_.find_mark(std::move(name))); }
  Task<Result<void>> put_mark(std::string name, UpkeepMark mark) override {
    return guarded(next_.put_mark(std::move(name), std::move(mark)));
  }
  Task<Result<std::int64_t>> create_key(ApiKey key) override { return next_.create_key(std::move(key)); }
  Task<Result<std::optional<ApiKey>>> find_key(std::string hash) override { return next_.find_key(std::move(hash)); }
  Task<Result<std::vector<ApiKey>>> list_keys() override { return next_.list_keys(); }
  Task<Result<void>> revoke_key(std::int64_t id, SystemTime now) override { return next_.revoke_key(id, now); }
  Task<Result<void>> create_login(std::string token_hash, LoginGrant grant, SystemTime expires) override {
    return next_.create_login(std::move(token_hash), std::move(grant), expires);
  }
  Task<Result<std::optional<LoginGrant>>> consume_login(std::string token_hash, SystemTime now) override {
    return next_.consume_login(std::move(token_hash), now);
  }
  Task<Result<std::int64_t>> create_session(PageSession session) override {
    return next_.create_session(std::move(session));
  }
  Task<Result<std::optional<PageSession>>> find_session(std::string token_hash, SystemTime now,
                                                        SystemTime seen_since) override {
    return next_.find_session(std::move(token_hash), now, seen_since);
  }
  Task<Result<void>> touch_session(std::int64_t id, SystemTime now) override { return next_.touch_session(id, now); }
  Task<Result<std::vector<PageSession>>> list_sessions(SystemTime now) override { return next_.list_sessions(now); }
  Task<Result<void>> end_session(std::int64_t id) override { return next_.end_session(id); }
  Task<Result<void>> append_audit(std::vector<AuditEntry> entries) override {
    return next_.append_audit(std::move(entries));
  }
  Task<Result<AuditPage>> list_audit(AuditQuery query) override { return next_.list_audit(std::move(query)); }
  Task<Result<void>> ping() override { return next_.ping(); }

 protected:
  /// Before a call: an error instead of it, with no effect. May throw, as a process that has died.
  [[nodiscard]] virtual Result<void> before() { return {}; }
  /// After it: may throw.
  virtual void after() {}

 private:
  template <class T>
  Task<Result<T>> guarded(Task<Result<T>> call) {
    auto refused = before();
    if (!refused) co_return fail(refused.error());
    Result<T> result = co_await std::move(call);
    after();
    co_return result;
  }

  CallStore& next_;
};

}  // namespace tapedeck
