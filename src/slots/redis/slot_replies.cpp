#include "slots/redis/slot_replies.hpp"

#include <span>

#include <fmt/format.h>

namespace tapedeck::redis {
namespace {

// The first number of a reply: one of these, or a sum of hints.
constexpr std::int64_t kLost = 1;
constexpr std::int64_t kRebuilding = 2;
constexpr std::int64_t kNobodysTurn = 3;
constexpr std::int64_t kPlayHint = 4;
constexpr std::int64_t kFetchHint = 8;
// Wait before a caller asks again for a business that is being rebuilt.
constexpr Milliseconds kRebuildPause{100};

SystemTime time_of(std::int64_t milliseconds) { return SystemTime{Milliseconds{milliseconds}}; }
std::optional<SystemTime> time_if(std::int64_t milliseconds) {
  if (milliseconds <= 0) return std::nullopt;
  return time_of(milliseconds);
}

// Reads a flat reply from left to right. A missing word, or one of another kind, makes the reply malformed: from then
// on the reader answers zeros and empty texts.
class Reader {
 public:
  static Result<Reader> open(const Reply& reply) {
    if (const ReplyError* error = reply.error()) return fail(Errc::kCorrupt, error->message);
    const Reply::Array* words = reply.array();
    if (words == nullptr || words->empty() || words->front().integer() == nullptr) {
      return fail(Errc::kInternal, "Redis answered a script in a shape that is not the script's");
    }
    switch (*words->front().integer()) {
      case kLost: return fail(Errc::kSlotsLost, "Redis has lost the slots of this business, or part of them");
      case kRebuilding: {
        Error error(Errc::kSlotsRebuilding, "the slots of this business are being rebuilt");
        error.retry_after = kRebuildPause;
        return fail(std::move(error));
      }
      default: return Reader(*words);
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

std::string sentence(const Why& why, int active, int limit) {
  switch (why.reason) {
    case Reason::kNone: return {};
    case Reason::kWorker: return std::string(kWhyNoWorker);
    case Reason::kHold: return std::string(kWhyHold);
    case Reason::kLimit: return why_limit(active, limit);
    case Reason::kBeyond: return why_beyond(why.text);
    case Reason::kText: break;
  }
  return why.text;
}

// Where a recording is: active, both lanes' lengths, lane, place, position, and why. Gives the lanes' lengths.
struct LaneLengths {
  int play = 0;
  int fetch = 0;
};
LaneLengths read_status(Reader& reader, SlotStatus& status) {
  status.active = reader.count();
  const LaneLengths lengths{reader.count(), reader.count()};
  status.queue_length = lengths.play + lengths.fetch;
  status.lane = reader.lane();
  status.place = reader.one_of(SlotPlace::kDelayed);
  status.position = reader.count();
  const Why why = read_why(reader);
  status.until = why.until;
  status.why = sentence(why, status.active, status.limit);
  return lengths;
}

void read_item(Reader& reader, QueueState& view, const Why& why_waiting) {
  QueueState::Item& item = view.items.emplace_back();
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
    status.why = kWhyNoWorker;
  }
}

// Reads a whole reply by `read_into(Reader&, Answer&)`.
template <class Answer, class ReadInto>
Result<Answer> read(const Reply& reply, ReadInto read_into) {
  auto reader = Reader::open(reply);
  if (!reader) return fail(std::move(reader.error()));
  Answer answer{};
  read_into(*reader, answer);
  return reader->close(std::move(answer));
}

}  // namespace

Hints parse_hints(const Reply& reply) {
  const Reply::Array* words = reply.array();
  if (words == nullptr || words->empty() || words->front().integer() == nullptr) return {};
  const std::int64_t code = *words->front().integer();
  return {(code & kPlayHint) != 0, (code & kFetchHint) != 0};
}

Result<RequestAnswer> parse_request(const Reply& reply, Lane lane) {
  return read<RequestAnswer>(reply, [lane](Reader& reader, RequestAnswer& answer) {
    answer.status.limit = reader.count();
    answer.kind = reader.one_of(RequestKind::kBeyond);
    const LaneLengths lengths = read_status(reader, answer.status);
    answer.lane_length = lane == Lane::kPlay ? lengths.play : lengths.fetch;
    answer.admitted = reader.admitted(answer.status.limit);
  });
}

Result<std::optional<ClaimAnswer>> parse_claim(const Reply& reply) {
  return read<std::optional<ClaimAnswer>>(reply, [](Reader& reader, std::optional<ClaimAnswer>& answer) {
    (void)reader.count();  // the limit
    if (reader.at_end()) return;
    answer.emplace();
    answer->sid = reader.sid();
    answer->lane = reader.lane();
    (void)reader.text();  // the business
  });
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
  return read<std::vector<bool>>(reply, [](Reader& reader, std::vector<bool>& held) {
    while (!reader.at_end()) held.push_back(reader.flag());
  });
}

Result<KnownAnswer> parse_known(const Reply& reply) {
  return read<KnownAnswer>(reply, [](Reader& reader, KnownAnswer& answer) {
    answer.has_beyond = reader.flag();
    while (!reader.at_end()) answer.known.push_back(reader.flag());
  });
}

Result<FinishAnswer> parse_finish(const Reply& reply) {
  return read<FinishAnswer>(reply, [](Reader& reader, FinishAnswer& answer) {
    const int limit_now = reader.count();
    answer.held = reader.flag();
    answer.repeated = reader.flag();
    answer.active_after = reader.count();
    answer.limit = reader.count();
    answer.admitted = reader.admitted(limit_now);
  });
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
  return read<std::vector<Admitted>>(reply, [](Reader& reader, std::vector<Admitted>& admitted) {
    const int limit = reader.count();
    admitted = reader.admitted(limit);
  });
}

Result<CancelAnswer> parse_cancel(const Reply& reply) {
  return read<CancelAnswer>(reply, [](Reader& reader, CancelAnswer& answer) {
    const int limit = reader.count();
    answer.kind = reader.one_of(CancelKind::kUnknown);
    answer.admitted = reader.admitted(limit);
  });
}

Result<SweepReply> parse_sweep(const Reply& reply) {
  return read<SweepReply>(reply, [](Reader& reader, SweepReply& swept) {
    const int limit = reader.count();
    swept.next_due = time_if(reader.number());
    swept.answer.refill = reader.number();
    const int reclaimed = reader.count();
    for (int i = 0; i < reclaimed && !reader.at_end(); ++i) {
      Reclaimed& item = swept.answer.reclaimed.emplace_back();
      item.sid = reader.sid();
      item.lane = reader.lane();
      item.gave_up = reader.flag();
    }
    swept.answer.admitted = reader.admitted(limit);
  });
}

Result<SlotStatus> parse_status(const Reply& reply) {
  return read<SlotStatus>(reply, [](Reader& reader, SlotStatus& status) {
    status.limit = reader.count();
    (void)read_status(reader, status);
  });
}

Result<QueueState> parse_view(const Reply& reply) {
  return read<QueueState>(reply, [](Reader& reader, QueueState& view) {
    view.limit = reader.count();
    view.active = reader.count();
    view.waiting_play = reader.count();
    view.waiting_fetch = reader.count();
    view.delayed = reader.count();
    view.has_beyond = reader.flag();
    view.blocked_until = time_if(reader.number());
    view.blocked_why = reader.text();
    const Why why_waiting = read_why(reader);
    while (!reader.at_end()) read_item(reader, view, why_waiting);
  });
}

Result<RecoverReply> parse_recover(const Reply& reply) {
  return read<RecoverReply>(reply, [](Reader& reader, RecoverReply& recovered) {
    const int limit = reader.count();
    recovered.accepted = reader.flag();
    recovered.admitted = reader.admitted(limit);
  });
}

Result<DueReply> parse_due(const Reply& reply) {
  if (const ReplyError* error = reply.error()) return fail(Errc::kCorrupt, error->message);
  const Reply::Array* words = reply.array();
  const bool is_whole = words != nullptr && words->size() >= 2 && (*words)[0].integer() && (*words)[1].integer();
  if (!is_whole) return fail(Errc::kInternal, "Redis answered a script in a shape that is not the script's");
  DueReply due;
  due.everything_lost = *(*words)[0].integer() != 0;
  due.look_later_until = *(*words)[1].integer();
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
