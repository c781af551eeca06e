// Calls, and what a call or a webhook makes known of recordings.

#include "tests/fakes/memory_call_store.hpp"

#include <locale.h>
#include <algorithm>
#include <cwctype>

#include <fmt/format.h>
#include <boost/locale/encoding_utf.hpp>

namespace tapedeck {
namespace {

// Plain text only, so no title-case or locale rules: the fake's own reading of "any case".
std::string fold_case(std::string_view text) {
  static const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  auto wide = boost::locale::conv::utf_to_utf<wchar_t>(std::string(text));
  for (wchar_t& c : wide) c = c < L' ' ? L' ' : static_cast<wchar_t>(::towlower_l(static_cast<wint_t>(c), utf8));
  return boost::locale::conv::utf_to_utf<char>(wide);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string digits_of(std::string_view text) {
  std::string digits;
  std::ranges::copy_if(text, std::back_inserter(digits), is_digit);
  return digits;
}

std::string search_text_of(const Call& call) {
  return fold_case(call.from) + '\n' + fold_case(call.to) + '\n' + digits_of(call.from) + '\n' + digits_of(call.to);
}

bool is_number_like(std::string_view text) {
  return std::ranges::any_of(text, is_digit) && text.find_first_not_of("0123456789 +-().") == std::string_view::npos;
}

bool matches(const std::string& search_text, const std::string& search) {
  if (search_text.find(fold_case(search)) != std::string::npos) return true;
  return is_number_like(search) && search_text.find(digits_of(search)) != std::string::npos;
}

// What the provider's word for "no audio" becomes in the row.
Cause cause_of(const RecordingAnnouncement& announcement) {
  return {std::string(errc_name(Errc::kProviderAbsent)), announcement.absence};
}

void fill_blanks(Recording& recording, const RecordingAnnouncement& told) {
  if (!recording.duration_seconds) recording.duration_seconds = told.duration_seconds;
  if (recording.channels == 0) recording.channels = told.channels;
  if (!recording.recorded_at) recording.recorded_at = told.started_at;
}

void overwrite_details(Recording& recording, const RecordingAnnouncement& told) {
  if (told.duration_seconds) recording.duration_seconds = told.duration_seconds;
  if (told.channels != 0) recording.channels = told.channels;
  if (told.started_at) recording.recorded_at = told.started_at;
}

}  // namespace

MemoryCallStore::CallRow& MemoryCallStore::find_or_add_call(Tenant& tenant, const CallSid& sid, SystemTime started_at) {
  const auto [place, created] = tenant.calls.try_emplace(sid, calls_.size());
  if (created) {
    CallRow row;
    row.call.row_id = std::ssize(calls_) + 1;
    row.call.business = tenant.business.id;
    row.call.sid = sid;
    row.search_text = search_text_of(row.call);
    calls_.push_back(std::move(row));
    set_started_at(tenant, calls_.back(), started_at);
  }
  return calls_[place->second];
}

void MemoryCallStore::set_started_at(Tenant& tenant, CallRow& call, SystemTime started_at) {
  if (call.call.started_at) tenant.timeline.erase({*call.call.started_at, call.call.row_id});
  call.call.started_at = started_at;
  tenant.timeline[{started_at, call.call.row_id}] = static_cast<std::size_t>(call.call.row_id - 1);
}

Result<void> MemoryCallStore::check_identity(Tenant& tenant, const CallSid& call, const RecordingSid& recording,
                                             const AccountSid& account) {
  const auto known = tenant.by_recording.find(recording);
  if (known != tenant.by_recording.end()) {
    const Recording& mine = row(known->second);
    if (mine.call != call) return fail(Errc::kConflict, "the recording is known as another call's");
    if (account.empty() || mine.account == account) return {};
    if (!mine.account.empty()) return fail(Errc::kConflict, "the recording is known as another account's");
  }
  if (identities_.contains({account, recording})) {
    return fail(Errc::kConflict, "the recording is known as another business's");
  }
  return {};
}

std::pair<Recording*, bool> MemoryCallStore::find_or_add_recording(Tenant& tenant, CallRow& call,
                                                                   const RecordingSid& recording,
                                                                   const AccountSid& account) {
  const auto [place, created] = tenant.by_recording.try_emplace(recording, std::ssize(recordings_) + 1);
  if (created) {
    Recording added;
    added.row_id = place->second;
    added.business = tenant.business.id;
    added.call = call.call.sid;
    added.recording = recording;
    added.account = account;
    added.sid = call.recordings.empty() ? to_sid(call.call.sid) : to_sid(recording);
    tenant.by_name[added.sid] = added.row_id;
    call.recordings.push_back(added.row_id);
    recordings_.push_back(std::move(added));
    identities_[{account, recording}] = place->second;
  }
  Recording& found = row(place->second);
  if (found.account.empty() && !account.empty()) {
    identities_.erase({found.account, recording});
    identities_[{account, recording}] = found.row_id;
    found.account = account;
  }
  return {&found, created};
}

const Recording* MemoryCallStore::shown_recording(const CallRow& call) const {
  const Recording* first = nullptr;
  for (const std::int64_t row_id : call.recordings) {
    const Recording& candidate = recordings_[static_cast<std::size_t>(row_id - 1)];
    if (candidate.state != RecordingState::kDeleted) return &candidate;
    if (first == nullptr) first = &candidate;
  }
  return first;
}

Task<Result<PutOutcome>> MemoryCallStore::put_call(BusinessId business, CallUpdate update, SystemTime now) {
  Tenant* owner = tenant(business);
  if (owner == nullptr) co_return fail(Errc::kNotFound, fmt::format("no business {}", business.view()));
  if (update.recording) {
    const auto mine = check_identity(*owner, update.call, update.recording->recording, update.recording->account);
    if (!mine) co_return fail(mine.error());
  }
  const bool created = !owner->calls.contains(update.call);
  CallRow& row = find_or_add_call(*owner, update.call, update.started_at.value_or(now));
  Call& call = row.call;
  if (update.from) call.from = *update.from;
  if (update.to) call.to = *update.to;
  if (update.direction) call.direction = update.direction;
  if (update.started_at) set_started_at(*owner, row, *update.started_at);
  if (update.duration_seconds) call.duration_seconds = update.duration_seconds;
  row.search_text = search_text_of(call);
  if (update.recording) {
    Recording* known = find_or_add_recording(*owner, row, update.recording->recording, update.recording->account).first;
    const bool told = update.recording->duration_seconds && known->state != RecordingState::kDeleted;
    if (told) known->duration_seconds = update.recording->duration_seconds;
  }
  co_return created ? PutOutcome::kCreated : PutOutcome::kChanged;
}

Task<Result<std::optional<Call>>> MemoryCallStore::find_call(BusinessId business, CallSid call) {
  const Tenant* owner = tenant(business);
  if (owner == nullptr) co_return std::nullopt;
  const auto known = owner->calls.find(call);
  if (known == owner->calls.end()) co_return std::nullopt;
  co_return calls_[known->second].call;
}

Task<Result<CallPage>> MemoryCallStore::list_calls(BusinessId business, CallQuery query) {
  CallPage page;
  const Tenant* owner = tenant(business);
  if (owner == nullptr) co_return page;
  const auto most = static_cast<std::size_t>(std::clamp(query.limit, 1, kCallPageMax));
  auto next = owner->timeline.end();
  if (query.cursor) next = owner->timeline.lower_bound({query.cursor->started_at, query.cursor->row_id});
  while (next != owner->timeline.begin()) {
    --next;
    const CallRow& row = calls_[next->second];
    const SystemTime started_at = *row.call.started_at;
    if (query.since && started_at < *query.since) break;
    if (query.until && started_at >= *query.until) continue;
    if (query.direction && row.call.direction != query.direction) continue;
    if (!query.search.empty() && !matches(row.search_text, query.search)) continue;
    if (page.calls.size() == most) {
      page.next = CallCursor{*page.calls.back().started_at, page.calls.back().row_id};
      break;
    }
    page.calls.push_back(row.call);
    const Recording* shown = shown_recording(row);
    if (shown != nullptr) page.calls.back().recording = *shown;
  }
  co_return page;
}

Task<Result<RecordingChange>> MemoryCallStore::announce(BusinessId business, RecordingAnnouncement announcement,
                                                        SystemTime now) {
  Tenant* owner = tenant(business);
  if (owner == nullptr) co_return fail(Errc::kNotFound, fmt::format("no business {}", business.view()));
  const auto mine = check_identity(*owner, announcement.call, announcement.recording, announcement.account);
  if (!mine) co_return fail(mine.error());

  CallRow& call = find_or_add_call(*owner, announcement.call, announcement.started_at.value_or(now));
  const auto [recording, created] = find_or_add_recording(*owner, call, announcement.recording, announcement.account);
  const RecordingState before = recording->state;
  const bool was_untouched =
      before == RecordingState::kRemote || (before == RecordingState::kAbsent && !announcement.is_listed);

  bool changed = created;
  switch (announcement.status) {
    case AnnouncedStatus::kInProgress:
      if (before != RecordingState::kDeleted) fill_blanks(*recording, announcement);
      break;
    case AnnouncedStatus::kCompleted:
      if (was_untouched) {
        overwrite_details(*recording, announcement);
        if (!announcement.is_listed) recording->announced_at = now;
        if (announcement.import != 0) import_of_[recording->row_id] = announcement.import;
        enqueue(*recording, Lane::kFetch, now);
        changed = true;
      } else if (before != RecordingState::kDeleted) {
        fill_blanks(*recording, announcement);
        if (!recording->announced_at && !announcement.is_listed) recording->announced_at = now;
      }
      break;
    case AnnouncedStatus::kAbsent:
    case AnnouncedStatus::kFailed:
      if (before == RecordingState::kStored || before == RecordingState::kAbsent ||
          before == RecordingState::kDeleted) {
        break;
      }
      overwrite_details(*recording, announcement);
      recording->announced_at = now;
      recording->cause = cause_of(announcement);
      set_state(*recording, RecordingState::kAbsent);
      changed = true;
      break;
  }
  co_return RecordingChange{*recording, changed};
}

}  // namespace tapedeck
