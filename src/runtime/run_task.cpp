#include "runtime/run_task.hpp"

#include <boost/asio/co_spawn.hpp>

namespace tapedeck {

void start_task(boost::asio::io_context& loop, Task<> task, std::shared_ptr<TaskEnd> end) {
  boost::asio::co_spawn(loop, std::move(task), [end = std::move(end)](std::exception_ptr failure) {
    end->failure = std::move(failure);
    end->is_done = true;
  });
}

}  // namespace tapedeck
