#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include <libpq-fe.h>

namespace tapedeck {

/// Another program's connection, which can hold locks and transactions open.
class OtherSession {
 public:
  explicit OtherSession(const std::string& url) : connection_(::PQconnectdb(url.c_str())) {
    if (::PQstatus(connection_.get()) != CONNECTION_OK) throw std::runtime_error(::PQerrorMessage(connection_.get()));
    run("SET search_path = tapedeck, public");
  }

  /// Throws on an error.
  void run(const std::string& sql) const {
    const std::unique_ptr<PGresult, Clear> result(::PQexec(connection_.get(), sql.c_str()));
    const ExecStatusType status = ::PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      throw std::runtime_error(sql + ": " + ::PQresultErrorMessage(result.get()));
    }
  }

 private:
  struct Finish {
    void operator()(PGconn* connection) const noexcept { ::PQfinish(connection); }
  };
  struct Clear {
    void operator()(PGresult* result) const noexcept { ::PQclear(result); }
  };
  std::unique_ptr<PGconn, Finish> connection_;
};

}  // namespace tapedeck
