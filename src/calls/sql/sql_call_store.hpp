#pragma once

#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/secret_box.hpp"
#include "calls/ports/call_archive.hpp"
#include "calls/ports/call_store.hpp"
#include "calls/sql/functions.hpp"

namespace tapedeck::sql {

/// A function of functions.hpp, or one like it, with what it is called with; it may run more than once.
template <auto function, class... Arguments>
struct BoundFunction {
  std::tuple<Arguments...> arguments;

  auto operator()(auto& session) const {
    return std::apply([&session](const auto&... each) { return function(session, each...); }, arguments);
  }
};

/// The call store over an engine, which runs functions on the threads of its database:
///
///   engine.read(function), engine.write(function)   a task with the function's result; what write() changed is on the
///                                                   disk by then, if the result is a value
///   Engine::list_calls, Engine::finish_archive      what the databases do in different ways
///
/// None of the functions here is a coroutine itself, so each BoundFunction owns its arguments until the work is done.
template <class Engine>
class SqlCallStore : public CallStore, public CallArchive {
 public:
  Task<Result<PutOutcome>> put_business(Business business) override {
    return write<sql::put_business>(std::cref(secrets_), std::move(business));
  }
  Task<Result<std::optional<Business>>> find_business(BusinessId id) override {
    return read<sql::find_business>(std::cref(secrets_), std::move(id));
  }
  Task<Result<std::vector<Business>>> list_businesses() override {
    return read<sql::list_businesses>(std::cref(secrets_));
  }

  Task<Result<PutOutcome>> put_call(BusinessId business, CallUpdate update, SystemTime now) override {
    return write<sql::put_call>(std::move(business), std::move(update), now);
  }
  Task<Result<std::optional<Call>>> find_call(BusinessId business, CallSid call) override {
    return read<sql::find_call>(std::move(business), std::move(call));
  }
  Task<Result<CallPage>> list_calls(BusinessId business, CallQuery query) override {
    return read<Engine::list_calls>(std::move(business), std::move(query));
  }

  Task<Result<std::optional<Recording>>> find_recording(BusinessId business, Sid sid) override {
    return read<sql::find_recording>(std::move(business), std::move(sid));
  }
  Task<Result<std::vector<Recording>>> recordings_of(BusinessId business, std::string after_sid, int limit) override {
    return read<sql::recordings_of>(std::move(business), std::move(after_sid), limit);
  }
  Task<Result<std::vector<Recording>>> stored_after(std::int64_t after, int limit) override {
    return read<sql::stored_after>(after, limit);
  }
  Task<Result<RecordingChange>> announce(BusinessId business, RecordingAnnouncement announcement,
                                         SystemTime now) override {
    return write<sql::announce>(std::move(business), std::move(announcement), now);
  }
  Task<Result<RecordingChange>> want(BusinessId business, Sid sid, Lane lane, SystemTime now) override {
    return write<sql::want>(std::move(business), std::move(sid), lane, now);
  }
  Task<Result<RecordingChange>> retry(BusinessId business, Sid sid, SystemTime now) override {
    return write<sql::retry>(std::move(business), std::move(sid), now);
  }
  Task<Result<RecordingChange>> cancel(BusinessId business, Sid sid) override {
    return write<sql::cancel>(std::move(business), std::move(sid));
  }
  Task<Result<RecordingChange>> remove(BusinessId business, Sid sid) override {
    return write<sql::remove>(std::move(business), std::move(sid));
  }
  Task<Result<bool>> note_damage(std::int64_t row_id, std::string blob_key,
                                 std::optional<std::string> damage) override {
    return write<sql::note_damage>(row_id, std::move(blob_key), std::move(damage));
  }
  Task<Result<RecordingChange>> refetch(BusinessId business, Sid sid, Lane lane, SystemTime now) override {
    return write<sql::refetch>(std::move(business), std::move(sid), lane, now);
  }
  Task<Result<void>> lose_audio(std::int64_t row_id, std::int64_t fence, std::optional<Cause> cause,
                                SystemTime now) override {
    return write<sql::lose_audio>(row_id, fence, std::move(cause), now);
  }

  Task<Result<RecordingChange>> set_hold(BusinessId business, Sid sid, std::optional<Hold> hold) override {
    return write<sql::set_hold>(std::move(business), std::move(sid), std::move(hold));
  }
  Task<Result<bool>> reschedule_deletions(int limit) override { return write<sql::reschedule_deletions>(limit); }
  Task<Result<std::vector<Recording>>> expire(SystemTime now, int limit) override {
    return write<sql::expire>(now, limit);
  }
  Task<Result<ErasedCall>> erase_call(BusinessId business, CallSid call, EraseOrder order) override {
    return write<sql::erase_call>(std::move(business), std::move(call), std::move(order));
  }
  Task<Result<std::vector<Recording>>> deleted_with_blob(int limit) override {
    return read<sql::deleted_with_blob>(limit);
  }
  Task<Result<void>> forget_blob(std::int64_t row_id) override { return write<sql::forget_blob>(row_id); }
  Task<Result<std::vector<Recording>>> due_source_deletions(SystemTime now, int limit) override {
    return read<sql::due_source_deletions>(now, limit);
  }
  Task<Result<void>> settle_source(std::int64_t row_id, SourceOutcome outcome) override {
    return write<sql::settle_source>(row_id, std::move(outcome));
  }

  Task<Result<std::optional<Recording>>> begin_attempt(BusinessId business, Sid sid) override {
    return write<sql::begin_attempt>(std::move(business), std::move(sid));
  }
  Task<Result<void>> commit_stored(std::int64_t row_id, std::int64_t fence, StoredAudio audio) override {
    return write<sql::commit_stored>(row_id, fence, std::move(audio));
  }
  Task<Result<void>> fail_attempt(std::int64_t row_id, std::int64_t fence, AttemptFailure failure) override {
    return write<sql::fail_attempt>(row_id, fence, std::move(failure));
  }
  Task<Result<void>> hand_back(std::int64_t row_id, std::int64_t fence, AttemptConnection connection) override {
    return write<sql::hand_back>(row_id, fence, connection);
  }
  Task<Result<void>> close_attempt(std::int64_t row_id, std::int64_t fence) override {
    return write<sql::close_attempt>(row_id, fence);
  }
  Task<Result<void>> reclaim(BusinessId business, Sid sid, std::optional<Cause> give_up) override {
    return write<sql::reclaim>(std::move(business), std::move(sid), std::move(give_up));
  }

  Task<Result<std::vector<MeasureClaim>>> claim_unmeasured(SystemTime now, SystemTime until, int limit) override {
    return write<sql::claim_unmeasured>(now, until, limit);
  }
  Task<Result<void>> release_measures() override { return write<sql::release_measures>(); }
  Task<Result<void>> record_measure(std::int64_t row_id, std::string blob_key, AudioMeasure measure) override {
    return write<sql::record_measure>(row_id, std::move(blob_key), std::move(measure));
  }
  Task<Result<void>> fail_measure(std::int64_t row_id, std::string blob_key, MeasureFailure failure) override {
    return write<sql::fail_measure>(row_id, std::move(blob_key), std::move(failure));
  }
  Task<Result<void>> measure_again(std::int64_t row_id, std::string blob_key) override {
    return write<sql::measure_again>(row_id, std::move(blob_key));
  }

  Task<Result<std::vector<WaitingRecording>>> waiting(std::int64_t after, int limit) override {
    return read<sql::waiting>(after, limit);
  }
  Task<Result<std::vector<WaitingRecording>>> waiting_of(BusinessId business, std::int64_t after, int limit) override {
    return read<sql::waiting_of>(std::move(business), after, limit);
  }
  Task<Result<std::vector<Sid>>> waiting_fetches(BusinessId business, SystemTime now, int limit) override {
    return read<sql::waiting_fetches>(std::move(business), now, limit);
  }
  Task<Result<std::vector<BacklogLine>>> backlog(SystemTime now) override { return read<sql::backlog>(now); }
  Task<Result<std::vector<BusinessId>>> businesses_at_work() override { return read<sql::businesses_at_work>(); }
  Task<Result<bool>> has_open_attempt(BusinessId business) override {
    return read<sql::has_open_attempt>(std::move(business));
  }
  Task<Result<std::int64_t>> raise_slot_epoch(BusinessId business, SystemTime now) override {
    return write<sql::raise_slot_epoch>(std::move(business), now);
  }

  Task<Result<std::vector<std::optional<KnownRecording>>>> known_recordings(
      AccountSid account, std::vector<RecordingSid> recordings) override {
    return read<sql::known_recordings>(std::move(account), std::move(recordings));
  }
  Task<Result<Import>> open_import(BusinessId business, ImportScope scope, bool anew, SystemTime now) override {
    return write<sql::open_import>(std::move(business), std::move(scope), anew, now);
  }
  Task<Result<void>> save_import(Import import) override { return write<sql::save_import>(std::move(import)); }
  Task<Result<std::vector<ImportTally>>> import_tally(std::int64_t import) override {
    return read<sql::import_tally>(import);
  }
  Task<Result<std::vector<BusinessId>>> importing_since(SystemTime since) override {
    return read<sql::importing_since>(since);
  }

  Task<Result<bool>> take_lease(std::string name, std::string holder, SystemTime now, Milliseconds ttl) override {
    return write<sql::take_lease>(std::move(name), std::move(holder), now, ttl);
  }
  Task<Result<void>> drop_lease(std::string name, std::string holder) override {
    return write<sql::drop_lease>(std::move(name), std::move(holder));
  }
  Task<Result<bool>> is_leased(std::string name, SystemTime now) override {
    return read<sql::is_leased>(std::move(name), now);
  }
  Task<Result<UpkeepMark>> find_mark(std::string name) override { return read<sql::find_mark>(std::move(name)); }
  Task<Result<void>> put_mark(std::string name, UpkeepMark mark) override {
    return write<sql::put_mark>(std::move(name), std::move(mark));
  }

  Task<Result<std::int64_t>> create_key(ApiKey key) override { return write<sql::create_key>(std::move(key)); }
  Task<Result<std::optional<ApiKey>>> find_key(std::string hash) override {
    return read<sql::find_key>(std::move(hash));
  }
  Task<Result<std::vector<ApiKey>>> list_keys() override { return read<sql::list_keys>(); }
  Task<Result<void>> revoke_key(std::int64_t id, SystemTime now) override { return write<sql::revoke_key>(id, now); }
  Task<Result<void>> create_login(std::string token_hash, LoginGrant grant, SystemTime expires) override {
    return write<sql::create_login>(std::move(token_hash), std::move(grant), expires);
  }
  Task<Result<std::optional<LoginGrant>>> consume_login(std::string token_hash, SystemTime now) override {
    return write<sql::consume_login>(std::move(token_hash), now);
  }

  Task<Result<std::int64_t>> create_session(PageSession session) override {
    return write<sql::create_session>(std::move(session));
  }
  Task<Result<std::optional<PageSession>>> find_session(std::string token_hash, SystemTime now,
                                                        SystemTime seen_since) override {
    return read<sql::find_session>(std::move(token_hash), now, seen_since);
  }
  Task<Result<void>> touch_session(std::int64_t id, SystemTime now) override {
    return write<sql::touch_session>(id, now);
  }
  Task<Result<std::vector<PageSession>>> list_sessions(SystemTime now) override {
    return read<sql::list_sessions>(now);
  }
  Task<Result<void>> end_session(std::int64_t id) override { return write<sql::end_session>(id); }

  Task<Result<void>> append_audit(std::vector<AuditEntry> entries) override {
    return write<sql::append_audit>(std::move(entries));
  }
  Task<Result<AuditPage>> list_audit(AuditQuery query) override { return read<sql::list_audit>(std::move(query)); }

  Task<Result<std::vector<ArchiveRow>>> archive_page(ArchiveTable table, ArchiveValue after, int limit) override {
    return read<sql::archive_page>(table, std::move(after), limit);
  }
  Task<Result<std::int64_t>> archive_count(ArchiveTable table) override { return read<sql::archive_count>(table); }
  Task<Result<void>> archive_put(ArchiveTable table, std::vector<ArchiveRow> rows) override {
    return write<sql::archive_put>(table, std::move(rows));
  }
  Task<Result<void>> archive_remove(ArchiveTable table, std::vector<ArchiveValue> keys) override {
    return write<sql::archive_remove>(table, std::move(keys));
  }
  Task<Result<std::optional<std::int64_t>>> archive_label(std::string name) override {
    return read<sql::archive_label>(std::move(name));
  }
  Task<Result<void>> put_archive_label(std::string name, std::optional<std::int64_t> value) override {
    return write<sql::put_archive_label>(std::move(name), value);
  }
  Task<Result<void>> finish_archive() override { return write<Engine::finish_archive>(); }

 protected:
  /// `secrets` must outlive the store.
  template <class... Arguments>
  explicit SqlCallStore(const SecretBox& secrets, Arguments&&... arguments)
      : secrets_(secrets), engine_(std::forward<Arguments>(arguments)...) {}

  [[nodiscard]] Engine& engine() { return engine_; }
  [[nodiscard]] const Engine& engine() const { return engine_; }

 private:
  template <auto function, class... Arguments>
  auto read(Arguments... arguments) {
    return engine_.read(BoundFunction<function, Arguments...>{{std::move(arguments)...}});
  }
  template <auto function, class... Arguments>
  auto write(Arguments... arguments) {
    return engine_.write(BoundFunction<function, Arguments...>{{std::move(arguments)...}});
  }

  const SecretBox& secrets_;
  Engine engine_;
};

}  // namespace tapedeck::sql
