#include "cli/keeping_cli.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace tapedeck {

void add_hold_options(CLI::App& hold, CLI::App& release, KeepingOrders& orders) {
  for (CLI::App* command : {&hold, &release}) {
    command->add_option("SID", orders.hold.sid, "The recording: its call's CA..., or its own RE...")->required();
    command->add_option("--business", orders.hold.business, "Whose it is.")->type_name("ID")->required();
  }
  hold.add_option("--reason", orders.hold.reason, "Why it is held.")->type_name("TEXT")->required();
}

void add_erase_options(CLI::App& erase, KeepingOrders& orders) {
  erase.add_option("--business", orders.erase.business, "Of which business.")->type_name("ID")->required();
  auto* what = erase.add_option_group("what", "What; one of them");
  what->add_option("--number", orders.erase.number, "All calls from and to this number.")->type_name("+1...");
  what->add_flag("--everything", orders.erase.is_everything, "All calls.");
  what->require_option(1);
  erase.add_flag("--dry-run", orders.erase.looks_only, "Only say what would be erased.");
  erase.add_flag("--yes", orders.erase.is_confirmed, "Do it. It cannot be undone.");
}

void add_audit_options(CLI::App& audit, KeepingOrders& orders) {
  audit.add_option("--business", orders.audit.business, "Of which business.")->type_name("ID")->required();
  audit.add_option("--since", orders.audit.since, "From then on, inclusive.")->type_name("TIME");
  audit.add_option("--until", orders.audit.until, "Until then, exclusive.")->type_name("TIME");
  audit.add_flag("--csv", orders.audit.csv, "Print CSV (RFC 4180).");
}

void add_verify_options(CLI::App& verify, KeepingOrders& orders) {
  verify.add_option("--business", orders.verify.business, "Of one business alone.")->type_name("ID");
  verify.add_flag("--repair", orders.verify.repair, "Fetch again what is damaged, if the provider still has it.");
  verify
      .add_option("--rate", orders.verify.rate,
                  fmt::format("Most megabytes that are read in a second. Default: {}.", kVerifyRateDefault))
      ->type_name("MB/s");
  verify.add_option("--after", orders.verify.after, "Go on after this recording, as an earlier run said.")
      ->type_name("BUSINESS/SID");
}

}  // namespace tapedeck
