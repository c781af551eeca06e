#include "app/import.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/this_coro.hpp>

#include "app/upkeep_names.hpp"
#include "runtime/describe.hpp"
#include "runtime/task_scope.hpp"

namespace tapedeck {
namespace {

// What to do with a listed recording.
enum class Verdict { kQueue, kOurs, kStoredBefore, kWaitingBefore, kFailedBefore, kGone, kNotCompleted, kNotOurs };

Verdict verdict_of_known(const KnownRecording& known) {
  switch (known.state) {
    case RecordingState::kStored: return Verdict::kStoredBefore;
    case RecordingState::kQueued:
    case RecordingState::kProcessing: return Verdict::kWaitingBefore;
    case RecordingState::kFailed: return Verdict::kFailedBefore;
    case RecordingState::kAbsent:
    case RecordingState::kDeleted: return Verdict::kGone;
    case RecordingState::kRemote: break;
  }
  return Verdict::kQueue;
}

Verdict verdict_of(const ListedRecording& listed, const std::optional<KnownRecording>& known, const Import& record) {
  if (known && known->business != record.business) return Verdict::kNotOurs;
  if (known && record.id != 0 && known->import == record.id) return Verdict::kOurs;
  const Verdict verdict = known ? verdict_of_known(*known) : Verdict::kQueue;
  if (verdict != Verdict::kQueue || listed.told.status == AnnouncedStatus::kCompleted) return verdict;
  return listed.told.status == AnnouncedStatus::kInProgress ? Verdict::kNotCompleted : Verdict::kGone;
}

// What each verdict counts as; null: it is counted elsewhere.
constexpr std::array<std::int64_t ImportCounts::*, 8> kCountOf{
    nullptr,
    nullptr,
    &ImportCounts::stored_before,
    &ImportCounts::waiting_before,
    &ImportCounts::failed_before,
    &ImportCounts::gone,
    &ImportCounts::not_completed,
    &ImportCounts::not_ours,
};

void note(ImportCounts& counts, Verdict verdict) {
  if (const auto count = kCountOf.at(static_cast<std::size_t>(verdict))) ++(counts.*count);
}

bool is_of_place(const Error& error) {
  return error.errc() == Errc::kProviderRejected || error.errc() == Errc::kInvalidArgument;
}

}  // namespace

struct Importer::Item {
  RecordingAnnouncement told;
  Verdict verdict = Verdict::kQueue;
  bool is_new = false;  // not known at all
};

struct Importer::Chunk {
  std::vector<Item> items;
  std::size_t next = 0;
  std::optional<Error> failure;
};

std::int64_t count_in(const std::vector<ImportTally>& tally, std::initializer_list<RecordingState> states) {
  std::int64_t count = 0;
  for (const ImportTally& line : tally) {
    if (std::ranges::find(states, line.state) != states.end()) count += line.count;
  }
  return count;
}

Task<Result<ImportOutcome>> Importer::run(ImportRequest request, Observer observer, std::stop_token stop) {
  auto begun = co_await begin(std::move(request));
  if (!begun) co_return fail(begun.error());
  Course course = std::move(*begun);
  course.observer = std::move(observer);
  course.stop = stop;
  ImportOutcome outcome;
  auto listed = co_await list_all(course);
  if (!listed && !stop.stop_requested()) co_return fail(listed.error());
  auto counted = co_await count(course);
  if (!counted) co_return fail(counted.error());
  if (stop.stop_requested()) {
    outcome.end = ImportEnd::kStopped;
  } else if (course.request.dry_run || !course.request.waits) {
    outcome.end = ImportEnd::kListed;
  } else {
    course.progress.phase = ImportPhase::kFetching;
    auto watched = co_await watch(course);
    if (!watched) co_return fail(watched.error());
    outcome.end = *watched;
  }
  outcome.progress = std::move(course.progress);
  co_return outcome;
}

Task<Result<Importer::Course>> Importer::begin(ImportRequest request) {
  auto business = co_await d_.businesses.find(request.business);
  if (!business) co_return fail(business.error());
  if (!*business) {
    co_return fail(Errc::kNotFound,
                   fmt::format("there is no business {}; see: tapedeck business list", request.business.view()));
  }
  const AccountSid own = (*business)->account;
  if (own.empty()) {
    co_return fail(Errc::kInvalidArgument,
                   fmt::format("business {} has no provider account: give it one by tapedeck business set {} "
                               "--account-sid AC… --auth-token -, or set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN",
                               request.business.view(), request.business.view()));
  }
  Course course;
  course.login = {request.account.empty() ? own : request.account, own, (*business)->auth_token};
  auto all = co_await d_.businesses.all();
  if (!all) co_return fail(all.error());
  course.is_shared = std::ranges::any_of(*all, [&](const Business& other) {
    return other.id != request.business && (other.account == own || other.account == course.login.account);
  });
  Import& record = course.progress.import;
  record.business = request.business;
  record.scope = {course.login.account, request.since, request.until};
  if (!request.dry_run) {
    const SystemTime now = d_.clock.system_now();
    const ImportScope scope = record.scope;
    auto opened = co_await d_.imports.open_import(request.business, scope, request.restart, now);
    if (!opened) co_return fail(opened.error());
    // If the last import has ended, a new one begins.
    if (opened->is_listed) {
      auto tally = co_await d_.imports.import_tally(opened->id);
      if (!tally) co_return fail(tally.error());
      if (count_in(*tally, {RecordingState::kQueued, RecordingState::kProcessing}) == 0) {
        opened = co_await d_.imports.open_import(request.business, scope, true, now);
        if (!opened) co_return fail(opened.error());
      }
    }
    course.progress.import = std::move(*opened);
  }
  course.request = std::move(request);
  co_return course;
}

Task<Result<void>> Importer::list_all(Course& course) {
  Import& record = course.progress.import;
  while (!record.is_listed && !course.stop.stop_requested()) {
    auto page = co_await next_page(course);
    if (!page) co_return fail(page.error());
    std::string next = page->next;
    auto taken = co_await take_page(course, std::move(*page));
    if (!taken) co_return taken;
    if (course.stop.stop_requested()) break;  // perhaps within the page, which is listed again
    record.next_page = std::move(next);
    record.is_listed = record.next_page.empty();
    auto saved = co_await save(course);
    if (!saved) co_return saved;
  }
  co_return Result<void>();
}

// A saved place may be invalid by now: then the listing begins again.
Task<Result<ListingPage>> Importer::next_page(Course& course) {
  Import& record = course.progress.import;
  ListingRequest request{course.login, record.scope.since, record.scope.until, record.next_page, kListingPageSize};
  auto page = co_await d_.listing.list(request, course.stop);
  if (page || record.next_page.empty() || !is_of_place(page.error())) co_return page;
  record.next_page.clear();
  record.counts = {};
  request.page.clear();
  co_return co_await d_.listing.list(std::move(request), course.stop);
}

Task<Result<void>> Importer::take_page(Course& course, ListingPage page) {
  Import& record = course.progress.import;
  const ImportCounts before = record.counts;
  const std::int64_t would_queue = course.progress.would_queue;
  std::vector<RecordingSid> sids;
  sids.reserve(page.recordings.size());
  for (const ListedRecording& listed : page.recordings) sids.push_back(listed.told.recording);
  auto known = co_await d_.imports.known_recordings(course.login.account, std::move(sids));
  if (!known) co_return fail(known.error());

  record.counts.listed += std::ssize(page.recordings) + page.unreadable;
  record.counts.unreadable += page.unreadable;
  std::vector<Item> items;
  for (std::size_t i = 0; i < page.recordings.size(); ++i) {
    const Verdict verdict = verdict_of(page.recordings[i], (*known)[i], record);
    note(record.counts, verdict);
    if (verdict == Verdict::kQueue || verdict == Verdict::kOurs) {
      items.push_back({std::move(page.recordings[i].told), verdict, !(*known)[i].has_value()});
    }
    const bool is_end = i + 1 == page.recordings.size();
    if (items.size() < kImportChunk && !(is_end && !items.empty())) continue;
    auto taken = co_await take_chunk(course, std::exchange(items, {}));
    if (!taken) co_return taken;
    if (course.stop.stop_requested()) {
      // The page is not saved, so it is listed and counted again.
      record.counts = before;
      course.progress.would_queue = would_queue;
      co_return Result<void>();
    }
  }
  co_return Result<void>();
}

Task<Result<void>> Importer::take_chunk(Course& course, std::vector<Item> items) {
  const SteadyTime began = d_.clock.steady_now();
  Chunk chunk{std::move(items), 0, std::nullopt};
  const auto executor = co_await boost::asio::this_coro::executor;
  TaskScope scope(executor, [&chunk](std::exception_ptr failure) {
    chunk.failure = Error(Errc::kInternal, "the import broke: " + describe(failure));
  });
  for (int i = 0; i < kImportTasks; ++i) scope.spawn(take_items(course, chunk));
  co_await scope.join();
  if (chunk.failure) co_return fail(*chunk.failure);
  auto counted = co_await count(course);
  if (!counted) co_return counted;
  const auto took = std::chrono::floor<Milliseconds>(d_.clock.steady_now() - began);
  if (!course.request.dry_run) co_await d_.clock.sleep_for(std::min(took, kImportRestMax), course.stop);
  co_return Result<void>();
}

Task<> Importer::take_items(Course& course, Chunk& chunk) {
  while (chunk.next < chunk.items.size() && !chunk.failure && !course.stop.stop_requested()) {
    Item item = std::move(chunk.items[chunk.next++]);
    auto taken = co_await take(course, std::move(item));
    if (!taken && !course.stop.stop_requested()) chunk.failure = taken.error();
  }
}

Task<Result<void>> Importer::take(Course& course, Item item) {
  ImportCounts& counts = course.progress.import.counts;
  // A shared account does not tell whose a recording is; its call does, if it is known.
  if (item.is_new && course.is_shared && !course.request.whole_account) {
    auto call = co_await d_.calls.find_call(course.request.business, item.told.call);
    if (!call) co_return fail(call.error());
    if (!*call) {
      ++counts.not_ours;
      co_return Result<void>();
    }
  }
  if (course.request.dry_run) {
    ++course.progress.would_queue;
    co_return Result<void>();
  }
  if (item.verdict == Verdict::kQueue) {
    auto announced = co_await announce(course, item);
    if (!announced) co_return fail(announced.error());
    if (!*announced) co_return Result<void>();
  }
  co_return co_await learn_call(course, item.told.call);
}

// False: it was counted, and must not be queued.
Task<Result<bool>> Importer::announce(Course& course, const Item& item) {
  Import& record = course.progress.import;
  RecordingAnnouncement told = item.told;
  told.import = record.id;
  auto change = co_await d_.recordings.announce(course.request.business, std::move(told), d_.clock.system_now());
  if (!change && change.error().errc() == Errc::kConflict) {
    ++record.counts.not_ours;
    co_return false;
  }
  if (!change) co_return fail(change.error());
  if (change->changed) co_return true;
  // It was announced since the page was compared.
  KnownRecording known;
  known.state = change->recording.state;
  note(record.counts, verdict_of_known(known));
  co_return false;
}

// The list of recordings does not tell who called whom. A call that cannot be described holds up no recording.
Task<Result<void>> Importer::learn_call(Course& course, CallSid call) {
  auto known = co_await d_.calls.find_call(course.request.business, call);
  if (!known) co_return fail(known.error());
  if (*known && !((*known)->from.empty() && (*known)->to.empty())) co_return Result<void>();
  auto told = co_await d_.listing.describe_call(course.login, call, course.stop);
  if (!told && course.stop.stop_requested()) co_return fail(told.error());
  if (!told || !*told) co_return Result<void>();
  auto put = co_await d_.calls.put_call(course.request.business, std::move(**told), d_.clock.system_now());
  if (!put) co_return fail(put.error());
  co_return Result<void>();
}

Task<Result<void>> Importer::save(Course& course) {
  Import& record = course.progress.import;
  record.touched_at = d_.clock.system_now();
  if (course.request.dry_run) co_return Result<void>();
  const Import saved = record;
  co_return co_await d_.imports.save_import(saved);
}

Task<Result<void>> Importer::count(Course& course) {
  if (!course.request.dry_run) {
    auto tally = co_await d_.imports.import_tally(course.progress.import.id);
    if (!tally) co_return fail(tally.error());
    course.progress.tally = std::move(*tally);
  }
  if (course.observer) course.observer(course.progress);
  co_return Result<void>();
}

Task<Result<ImportEnd>> Importer::watch(Course& course) {
  SteadyTime worker_seen = d_.clock.steady_now();
  while (true) {
    const SteadyTime began = d_.clock.steady_now();
    auto counted = co_await count(course);
    if (!counted) co_return fail(counted.error());
    const auto& tally = course.progress.tally;
    if (count_in(tally, {RecordingState::kQueued, RecordingState::kProcessing}) == 0) co_return ImportEnd::kDone;
    auto business = co_await d_.businesses.find(course.request.business);
    if (!business) co_return fail(business.error());
    const bool is_paused = *business && (*business)->paused;
    if (is_paused && count_in(tally, {RecordingState::kProcessing}) == 0) co_return ImportEnd::kPaused;
    auto is_there = co_await d_.leases.is_leased(kUpkeepLease, d_.clock.system_now());
    if (!is_there) co_return fail(is_there.error());
    if (*is_there) worker_seen = d_.clock.steady_now();
    if (d_.clock.steady_now() - worker_seen > kNoWorkerPatience) co_return ImportEnd::kNoWorker;
    const auto took = std::chrono::ceil<Milliseconds>(d_.clock.steady_now() - began);
    co_await d_.clock.sleep_for(std::max(kTallyEvery, took * kTallyShare), course.stop);
    if (course.stop.stop_requested()) co_return ImportEnd::kStopped;
  }
}

}  // namespace tapedeck
