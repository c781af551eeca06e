#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tapedeck {

/// A coroutine of this project. It runs on the event loop of the task that awaits it.
template <class T = void>
using Task = boost::asio::awaitable<T>;

/// Awaits an operation of Asio that gives its error as a value instead of throwing it.
inline constexpr auto kAsTuple = boost::asio::as_tuple(boost::asio::use_awaitable);

}  // namespace tapedeck
