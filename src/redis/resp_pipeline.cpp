#include "redis/resp_pipeline.hpp"

#include <algorithm>
#include <utility>

namespace tapedeck::redis {

std::uint64_t RespPipeline::push(Handler handler, SteadyTime now, SteadyTime deadline) {
  if (places_.empty()) last_reply_ = now;
  places_.push_back({std::move(handler), now, deadline});
  return first_number_ + places_.size() - 1;
}

RespPipeline::Handler RespPipeline::abandon(std::uint64_t number) {
  if (number < first_number_ || number >= first_number_ + places_.size()) return nullptr;
  return std::exchange(places_[static_cast<std::size_t>(number - first_number_)].handler, nullptr);
}

Result<void> RespPipeline::feed(std::string_view bytes, SteadyTime now) {
  auto fed = reader_.feed(bytes);
  if (!fed) return fed;
  // A handler may fail the whole pipeline; then the rest of the bytes belongs to no command.
  while (!failed_) {
    Result<std::optional<Reply>> reply = reader_.next();
    if (!reply) return tapedeck::fail(reply.error());
    if (!*reply) return {};
    if (places_.empty()) {
      const ReplyError* error = (*reply)->error();
      return tapedeck::fail(Errc::kCorrupt, error != nullptr ? "Redis says: " + error->message
                                                             : std::string("Redis answered what nobody had asked"));
    }
    Handler handler = std::move(places_.front().handler);
    tally_.replies += 1;
    tally_.time += now - places_.front().sent;
    last_reply_ = now;
    places_.pop_front();
    ++first_number_;
    if (handler) handler(std::move(**reply));
  }
  return {};
}

std::size_t RespPipeline::expire(SteadyTime now, const Error& error) {
  // A handler may push, and so move the places. The new ones are not due.
  const std::uint64_t end = first_number_ + places_.size();
  std::size_t given_up = 0;
  for (std::uint64_t number = first_number_; number < end && !failed_; ++number) {
    if (number < first_number_) continue;
    Place& place = places_[static_cast<std::size_t>(number - first_number_)];
    if (place.deadline > now) break;
    Handler handler = std::exchange(place.handler, nullptr);
    if (!handler) continue;
    ++given_up;
    handler(tapedeck::fail(error));
  }
  return given_up;
}

void RespPipeline::fail(const Error& error) {
  failed_ = true;
  std::deque<Place> places = std::exchange(places_, {});
  first_number_ += places.size();
  for (Place& place : places) {
    if (place.handler) place.handler(tapedeck::fail(error));
  }
}

std::optional<SteadyTime> RespPipeline::next_deadline() const {
  const auto waiting = std::ranges::find_if(places_, [](const Place& place) { return place.handler != nullptr; });
  if (waiting == places_.end()) return std::nullopt;
  return waiting->deadline;
}

SteadyTime RespPipeline::patience_from() const {
  if (places_.empty()) return last_reply_;
  return std::max(places_.front().deadline, last_reply_);
}

}  // namespace tapedeck::redis
