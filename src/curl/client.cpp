#include "curl/client.hpp"

#include <algorithm>

#include "curl/driver.hpp"
#include "curl/transfer_state.hpp"
#include "runtime/suspend.hpp"

namespace tapedeck {
namespace {

Task<> wait_for(std::shared_ptr<TransferState> state, TransferWish wish) {
  std::move_only_function<void(Resumption)> start = [state = std::move(state), wish](Resumption task) {
    state->when(wish, [task = std::move(task)]() mutable { std::move(task).post(); });
  };
  co_await suspend(std::move(start));
}

}  // namespace

std::optional<std::string_view> CurlHead::find(std::string_view name) const {
  const auto found =
      std::ranges::find(headers, name, [](const auto& header) -> std::string_view { return header.first; });
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

CurlTransfer::CurlTransfer(std::shared_ptr<CurlDriver> driver, std::shared_ptr<TransferState> state)
    : driver_(std::move(driver)), state_(std::move(state)) {}

CurlTransfer::~CurlTransfer() { cancel(); }

Task<bool> CurlTransfer::write(std::string chunk) {
  co_await wait_for(state_, TransferWish::kRoom);
  bool resume = false;
  const bool taken = state_->put_upload(std::move(chunk), resume);
  if (resume) driver_->post(CurlDriver::Order::kResume, state_);
  co_return taken;
}

Task<CurlResult<CurlHead>> CurlTransfer::head() {
  co_await wait_for(state_, TransferWish::kHead);
  co_return state_->take_head();
}

Task<CurlResult<std::string>> CurlTransfer::read() {
  co_await wait_for(state_, TransferWish::kBytes);
  bool resume = false;
  CurlResult<std::string> bytes = state_->take_bytes(resume);
  if (resume) driver_->post(CurlDriver::Order::kResume, state_);
  co_return bytes;
}

void CurlTransfer::cancel() noexcept {
  if (!is_cancelled_.exchange(true) && !state_->has_ended()) driver_->post(CurlDriver::Order::kCancel, state_);
}

Task<> CurlTransfer::ended() { co_await wait_for(state_, TransferWish::kEnd); }

bool CurlTransfer::cut_by_us() const { return state_->was_cut_by_us(); }

CurlClient::CurlClient(std::size_t connections_kept, std::size_t transfers_max)
    : driver_(std::make_shared<CurlDriver>(connections_kept, transfers_max)) {}

CurlClient::~CurlClient() { driver_->stop(); }

std::unique_ptr<CurlTransfer> CurlClient::start(CurlRequest request) {
  auto state = std::make_shared<TransferState>(std::move(request));
  driver_->post(CurlDriver::Order::kStart, state);
  return std::make_unique<CurlTransfer>(driver_, std::move(state));
}

std::size_t CurlClient::active() const { return driver_->active(); }

}  // namespace tapedeck
