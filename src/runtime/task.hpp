#pragma once

#include <boost/asio/awaitable.hpp>

namespace tapedeck {

/// A coroutine of this project. It runs on the event loop of the task that awaits it.
template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace tapedeck
