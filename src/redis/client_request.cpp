#include "redis/client_request.hpp"

#include "redis/resp.hpp"

namespace tapedeck::redis {

void encode(const Request& request, std::string_view run_id, std::string& out) {
  RespWriter writer(out);
  if (request.asking) {
    writer.begin(1);
    writer.word("ASKING");
  }
  if (request.script == nullptr) {
    writer.begin(request.words.size());
    writer.words(request.words);
    return;
  }
  // The command, the script, the number of keys, the keys, the run_id, the arguments.
  writer.begin(3 + request.keys.size() + 1 + request.arguments.size());
  writer.word(request.by_text ? "EVAL" : "EVALSHA");
  writer.word(request.by_text ? request.script->text : std::string_view(request.script->sha1));
  writer.number(request.keys.size());
  writer.words(request.keys);
  writer.word(run_id);
  writer.words(request.arguments);
}

}  // namespace tapedeck::redis
