#pragma once

#include <boost/asio/awaitable.hpp>

namespace tapedeck {

/// A coroutine of ours. It runs on the event loop of whoever awaits it.
template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace tapedeck
