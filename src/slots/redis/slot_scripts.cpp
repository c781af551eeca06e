#include "slots/redis/slot_scripts.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace tapedeck::redis {
namespace {

Script embedded(std::string_view name) {
  const auto found = std::ranges::find(script_texts(), name, &ScriptText::name);
  if (found == script_texts().end()) throw std::logic_error("no such script: " + std::string(name));
  return make_script(found->name, found->text);
}

}  // namespace

SlotScripts::SlotScripts()
    : request(embedded("request")),
      claim(embedded("claim")),
      claim_next(embedded("claim_next")),
      renew(embedded("renew")),
      finish(embedded("finish")),
      finish_and_claim(embedded("finish_and_claim")),
      block(embedded("block")),
      unblock(embedded("unblock")),
      cancel(embedded("cancel")),
      set_limit(embedded("set_limit")),
      sweep(embedded("sweep")),
      refill(embedded("refill")),
      status(embedded("status")),
      known(embedded("known")),
      view(embedded("view")),
      recover(embedded("recover")),
      due(embedded("due")),
      look_soon(embedded("look_soon")),
      put_off(embedded("put_off")),
      recovered(embedded("recovered")),
      inspect(embedded("inspect")) {}

}  // namespace tapedeck::redis
