#include "calls/postgres/connection_pool.hpp"

namespace tapedeck::postgres {

ConnectionPool::ConnectionPool(std::string name, Access access, ConnectionString where, DatabaseLimits limits,
                               PoolOptions options)
    : where_(std::move(where)), limits_(limits), options_(options), threads_(std::move(name), options.connections) {
  const std::scoped_lock lock(mutex_);
  for (std::size_t i = 0; i < options_.connections; ++i) {
    free_seats_.push_back(std::make_unique<Seat>(access, where_, limits_, options_, counts_));
  }
}

// A seat for one job, which goes back whatever happens: a thread counts on there being one.
class ConnectionPool::TakenSeat {
 public:
  explicit TakenSeat(ConnectionPool& pool) : pool_(pool), seat_(pool.take_seat()) {}
  TakenSeat(const TakenSeat&) = delete;
  TakenSeat& operator=(const TakenSeat&) = delete;
  ~TakenSeat() { pool_.give_back(std::move(seat_)); }

  Seat* operator->() { return seat_.get(); }

 private:
  ConnectionPool& pool_;
  std::unique_ptr<Seat> seat_;
};

std::optional<Error> ConnectionPool::run(const Seat::Work& work, Seat::Time deadline) {
  if (std::chrono::steady_clock::now() >= deadline) {
    return unavailable("the database is too slow for all that is asked of it");
  }
  TakenSeat seat(*this);
  Outcome outcome;
  try {
    outcome = seat->run(work, deadline);
  } catch (const std::exception& unexpected) {
    seat->disconnect();  // the transaction may be open
    outcome.error = Error(Errc::kInternal, unexpected.what());
  }
  remember(outcome);
  return outcome.error;
}

std::optional<Error> ConnectionPool::last_failure() const {
  const std::scoped_lock lock(mutex_);
  return last_failure_;
}

std::unique_ptr<Seat> ConnectionPool::take_seat() {
  const std::scoped_lock lock(mutex_);
  std::unique_ptr<Seat> seat = std::move(free_seats_.back());
  free_seats_.pop_back();
  return seat;
}

// Allocates nothing: the vector once held all seats.
void ConnectionPool::give_back(std::unique_ptr<Seat> seat) noexcept {
  const std::scoped_lock lock(mutex_);
  free_seats_.push_back(std::move(seat));
}

void ConnectionPool::remember(const Outcome& outcome) {
  const std::scoped_lock lock(mutex_);
  if (outcome.concerns_everybody) {
    last_failure_ = outcome.error;
  } else if (!outcome.error) {
    last_failure_.reset();
  }
}

}  // namespace tapedeck::postgres
