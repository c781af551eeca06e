#include "slots/redis/slot_replies.hpp"

#include <span>
#include <unordered_set>

#include <fmt/format.h>

namespace tapedeck::redis {
namespace {

// The first number of a reply: one of these, or a sum of hints.
constexpr std::int64_t kLost = 1;
constexpr std::int64_t kRebuilding = 2;
constexpr std::int64_t kNobodysTurn = 3;
constexpr std::int64_t kPlayHint = 4;
constexpr std::int64_t kFetchHint = 8;
// How long a caller waits before it asks again for a business that is being rebuilt.
constexpr Milliseconds kRebuildPause{100};

SystemTime time_of(std::int64_t milliseconds) { return SystemTime{Milliseconds{milliseconds}}; }
std::optional<SystemTime> time_if(std::int64_t milliseconds) {
  if (milliseconds <= 0) return std::nullopt;
  return time_of(milliseconds);
}

// Reads a flat reply from left to right. A word that is missing or of another kind leaves it malformed, and answers
// zeros and empty texts from then on.
class Reader {
 public:
  static Result<Reader> open(const Reply& reply) {
    if (const ReplyError* error = reply.error()) return fail(Errc::kCorrupt, error->message);
    const Reply::Array* words = reply.array();
    if (words == nullptr || words->empty() || words->front().integer() == nullptr) {
      return fail(Errc::kInternal, "Redis answered a script in a shape that is not the script's");
    }
    switch (*words->front().integer()) {
      case kLost:
        return fail(Errc::kSlotsLost, "Redis has lost the slots of this business, or part of them");
      case kRebuilding: {
        Error error(Errc::kSlotsRebuilding, "the slots of this business are being rebuilt");
        error.retry_after = kRebuildPause;
        return fail(std::move(error));
      }
      default:
        return Reader(*words);
    }
  }

  std::int64_t number() {
    const Reply* reply = next();
    const std::int64_t* value = reply == nullptr ? nullptr : reply->integer();
    if (value == nullptr) malformed_ = true;
    return value == nullptr ? 0 : *value;
  }
  int count() { return static_cast<int>(number()); }
  bool flag() { return number() != 0; }
  std::string text() {
    const Reply* reply = next();
    const std::string* value = reply == nullptr ? nullptr : reply->text();
    if (value == nullptr) malformed_ = true;
    return value == nullptr ? std::string() : *value;
  }
  Sid sid() {
    auto parsed = Sid::parse(text());
    if (!parsed) malformed_ = true;
    return parsed ? std::move(*parsed) : Sid();
  }
  Lane lane() { return number() == 0 ? Lane::kPlay : Lane::kFetch; }
  template <class Enum>
  Enum one_of(Enum last) {
    const std::int64_t value = number();
    if (value < 0 || value > static_cast<std::int64_t>(last)) malformed_ = true;
    return malformed_ ? Enum{} : static_cast<Enum>(value);
  }
  [[nodiscard]] bool at_end() const { return malformed_ || at_ >= words_.size(); }

  // The rest: (sid, lane, active) of those let in.
  std::vector<Admitted> admitted(int limit) {
    std::vector<Admitted> list;
    while (!at_end()) {
      Admitted item;
      item.sid = sid();
      item.lane = lane();
      item.active = count();
      item.limit = limit;
      list.push_back(std::move(item));
    }
    return list;
  }

  template <class Answer>
  Result<Answer> close(Answer answer) const {
    if (malformed_ || at_ != words_.size()) {
      return fail(Errc::kInternal, "Redis answered a script in a shape that is not the script's");
    }
    return answer;
  }

 private:
  explicit Reader(const Reply::Array& words) : words_(words) {}
  const Reply* next() { return at_ < words_.size() ? &words_[at_++] : nullptr; }

  std::span<const Reply> words_;
  std::size_t at_ = 1;
  bool malformed_ = false;
};

// Why something waits, as scripts/shared/describe.lua counts them.
enum class Reason { kNone, kWorker, kHold, kLimit, kText, kBeyond };

struct Why {
  Reason reason = Reason::kNone;
  std::optional<SystemTime> until;
  std::string text;
};

Why read_why(Reader& reader) {
  Why why;
  why.reason = reader.one_of(Reason::kBeyond);
  why.until = time_if(reader.number());
  why.text = reader.text();
  return why;
}

// The sentences of BusinessSlots.
std::string sentence(const Why& why, int active, int limit) {
  switch (why.reason) {
    case Reason::kNone:
      return {};
    case Reason::kWorker:
      return "waiting for a free worker";
    case Reason::kHold:
      return "downloads from before a restart may still be open at the provider";
    case Reason::kLimit:
      return fmt::format("{} of {} downloads of this business are running", active, limit);
    case Reason::kBeyond:
      return fmt::format("{} automatic fetches of this business wait before it", why.text);
    case Reason::kText:
      break;
  }
  return why.text;
}

}  // namespace

Hints parse_hints(const Reply& reply) {
  const Reply::Array* words = reply.array();
  if (words == nullptr || words->empty() || words->front().integer() == nullptr) return {};
  const std::int64_t code = *words->front().integer();
  return {(code & kPlayHint) != 0, (code & kFetchHint) != 0};
}

Result<RequestAnswer> parse_request(const Reply& reply, Lane lane) {
  auto opened = Reader::open(reply);
  if (!opened) return fail(std::move(opened.error()));
  Reader& reader = *opened;
  RequestAnswer answer;
  answer.limit = reader.count();
  const int limit = answer.limit;
  answer.kind = reader.one_of(RequestKind::kBeyond);
  answer.active = reader.count();
  (void)reader.one_of(SlotPlace::kDelayed);
  answer.position = reader.count();
  const int play_length = reader.count();
  const int fetch_length = reader.count();
  answer.queue_length = play_length + fetch_length;
  answer.lane_length = lane == Lane::kPlay ? play_length : fetch_length;
  const Why why = read_why(reader);
  answer.until = why.until;
  answer.why = sentence(why, answer.active, limit);
  answer.admitted = reader.admitted(limit);
  return reader.close(std::move(answer));
}

Result<std::optional<ClaimAnswer>> parse_claim(const Reply& reply) {
  auto opened = Reader::open(reply);
  if (!opened) return fail(std::move(opened.error()));
  Reader& reader = *opened;
  (void)reader.count();
  std::optional<ClaimAnswer> answer;
  if (!reader.at_end()) {
    answer.emplace();
    answer->sid = reader.sid();
    answer->lane = reader.lane();
    (void)reader.text();
  }
  return reader.close(std::move(answer));
}

Result<NextClaimReply> parse_claim_next(const Reply& reply) {
  NextClaimReply next;
  const Reply::Array* words = reply.array();
  const std::int64_t* code = words == nullptr || words->empty() ? nullptr : words->front().integer();
  next.is_nobodys_turn = code != nullptr && *code == kNobodysTurn;
  if (next.is_nobodys_turn) return next;
  const std::string* business = words == nullptr ? nullptr : words->back().text();
  if (business != nullptr) next.business = *business;
  next.is_lost = code != nullptr && (*code == kLost || *code == kRebuilding);
  if (next.is_lost) return next;
  auto answer = parse_claim(reply);
  if (!answer) return fail(std::move(answer.error()));
  next.answer = std::move(*answer);
  return next;
}

Result<std::vector<bool>> parse_renew(const Reply& reply) {
  auto opened = Reader::open(reply);
  if (!opened) return fail(std::move(opened.error()));
  std::vector<bool> held;
  while (!opened->at_end()) held.push_back(opened->flag());
  return opened->close(std::move(held));
}

Result<KnownAnswer> parse_known(const Reply& reply) {
  auto opened = Reader::open(reply);
  if (!opened) return fail(std::move(opened.error()));
  KnownAnswer answer;
  answer.has_beyond = opened->flag();
  while (!opened->at_end()) answer.known.push_back(opened->flag());
  return opened->close(std::move(answer));
}

Result<FinishAnswer> parse_finish(const Reply& reply) {
  auto opened = Reader::open(reply);
  if (!opened) return fail(std::move(opened.error()));
  Reader& reader = *opened;
  const int limit_now = reader.count();
  FinishAnswer answer;
  answer.held = reader.flag();
  answer.repeated = reader.flag();
  answer.active_after = reader.count();
  answer.limit = reader.count();
  answer.admitted = reader.admitted(limit_now);
  return reader.close(std::move(answer));
}

Result<FinishAndClaimReply> parse_finish_and_claim(const Reply& reply) {
  const Reply::Array* words = reply.array();
  // Without the last value it is the reply of either step alone.
  if (words == nullptr || words->empty() || words->back().array() == nullptr) {
    auto refused = parse_finish(reply);
    return fail(refused ? Error(Errc::kInternal, "Redis did not say what became of a finish") : refused.error());
  }
  auto finished = parse_finish(words->back());
  if (!finished) return fail(std::move(finished.error()));
  Reply::Array claim_words(words->begin(), words->end() - 1);
  auto next = parse_claim_next({std::move(claim_words)});
  if (!next) return fail(std::move(next.error()));
  return FinishAndClaimReply{std::move(*finished), std::move(*next)};
}

Result<std::vector<Admitted>> parse_admitted(const Reply& reply) {
  auto opened = Reader::open(reply);
  if (!opened) return fail(std::move(opened.error()));
  const int limit = opened->count();
  auto admitted = opened->admitted(limit);
  return opened->close(std::move(admitted));
}

Result<CancelAnswer> parse_cancel(const Reply& reply) {
  auto opened = Reader::open(reply);
  if (!opened) return fail(std::move(opened.error()));
  const int limit = opened->count();
  CancelAnswer answer;
  answer.kind = opened->one_of(CancelKind::kUnknown);
  answer.admitted = opened->admitted(limit);
  return opened->close(std::move(answer));
}

Result<SweepReply> parse_sweep(const Reply& reply) {
  auto opened = Reader::open(reply);
  if (!opened) return fail(std::move(opened.error()));
  Reader& reader = *opened;
  const int limit = reader.count();
  SweepReply swept;
  swept.next_due = time_if(reader.number());
  swept.answer.refill = reader.number();
  const int reclaimed = reader.count();
  for (int i = 0; i < reclaimed && !reader.at_end(); ++i) {
    Reclaimed item;
    item.sid = reader.sid();
    item.lane = reader.lane();
    item.gave_up = reader.flag();
    swept.answer.reclaimed.push_back(std::move(item));
  }
  swept.answer.admitted = reader.admitted(limit);
  return reader.close(std::move(swept));
}

Result<SlotStatus> parse_status(const Reply& reply) {
  auto opened = Reader::open(reply);
  if (!opened) return fail(std::move(opened.error()));
  Reader& reader = *opened;
  SlotStatus status;
  status.limit = reader.count();
  status.active = reader.count();
  const int play_length = reader.count();
  const int fetch_length = reader.count();
  status.queue_length = play_length + fetch_length;
  status.lane = reader.lane();
  status.place = reader.one_of(SlotPlace::kDelayed);
  status.position = reader.count();
  const Why why = read_why(reader);
  status.until = why.until;
  status.why = sentence(why, status.active, status.limit);
  return reader.close(std::move(status));
}

namespace {

BusinessView::Item read_item(Reader& reader, const BusinessView& view, const Why& why_waiting) {
  BusinessView::Item item;
  item.sid = reader.sid();
  SlotStatus& status = item.status;
  status.lane = reader.lane();
  status.place = reader.one_of(SlotPlace::kDelayed);
  status.position = reader.count();
  status.queue_length = view.waiting_play + view.waiting_fetch;
  status.active = view.active;
  status.limit = view.limit;
  status.until = time_if(reader.number());
  status.why = reader.text();
  if (status.place == SlotPlace::kWaiting) {
    status.until = why_waiting.until;
    status.why = sentence(why_waiting, view.active, view.limit);
  } else if (status.place == SlotPlace::kGranted) {
    status.why = sentence({Reason::kWorker, {}, {}}, view.active, view.limit);
  }
  return item;
}

}  // namespace

Result<BusinessView> parse_view(const Reply& reply) {
  auto opened = Reader::open(reply);
  if (!opened) return fail(std::move(opened.error()));
  Reader& reader = *opened;
  BusinessView view;
  view.limit = reader.count();
  view.active = reader.count();
  view.waiting_play = reader.count();
  view.waiting_fetch = reader.count();
  view.delayed = reader.count();
  view.has_beyond = reader.flag();
  view.blocked_until = time_if(reader.number());
  view.blocked_why = reader.text();
  const Why why_waiting = read_why(reader);
  while (!reader.at_end()) view.items.push_back(read_item(reader, view, why_waiting));
  return reader.close(std::move(view));
}

Result<RecoverReply> parse_recover(const Reply& reply) {
  auto opened = Reader::open(reply);
  if (!opened) return fail(std::move(opened.error()));
  const int limit = opened->count();
  RecoverReply recovered;
  recovered.accepted = opened->flag();
  recovered.admitted = opened->admitted(limit);
  return opened->close(std::move(recovered));
}

Result<DueReply> parse_due(const Reply& reply) {
  if (const ReplyError* error = reply.error()) return fail(Errc::kCorrupt, error->message);
  const Reply::Array* words = reply.array();
  const bool is_whole = words != nullptr && words->size() >= 2 && (*words)[0].integer() && (*words)[1].integer();
  if (!is_whole) return fail(Errc::kInternal, "Redis answered a script in a shape that is not the script's");
  DueReply due;
  due.everything_lost = *(*words)[0].integer() != 0;
  due.put_off_until = *(*words)[1].integer();
  for (std::size_t i = 2; i < words->size(); ++i) {
    if (const std::string* business = (*words)[i].text()) due.businesses.push_back(*business);
  }
  return due;
}

std::vector<std::string> parse_inspection(const Reply& reply) {
  std::vector<std::string> sentences;
  const Reply::Array* words = reply.array();
  for (std::size_t i = 1; words != nullptr && i + 2 < words->size(); i += 3) {
    const std::string* key = (*words)[i].text();
    const std::string* expected = (*words)[i + 1].text();
    const std::string* found = (*words)[i + 2].text();
    if (key && expected && found) sentences.push_back(fmt::format("{} holds a {}, not a {}", *key, *found, *expected));
  }
  return sentences;
}

}  // namespace tapedeck::redis
