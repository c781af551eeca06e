#pragma once

#include "cli/commands/keeping.hpp"
#include "cli/commands/verify.hpp"

namespace CLI {
class App;
}

namespace tapedeck {

/// What the commands about keeping and forgetting were given.
struct KeepingOrders {
  HoldChange hold;
  EraseChoice erase;
  AuditChoice audit;
  VerifyChoice verify;
};

// The options of each command; `orders` takes their values, and outlives the parsing.
void add_hold_options(CLI::App& hold, CLI::App& release, KeepingOrders& orders);
void add_erase_options(CLI::App& erase, KeepingOrders& orders);
void add_audit_options(CLI::App& audit, KeepingOrders& orders);
void add_verify_options(CLI::App& verify, KeepingOrders& orders);

}  // namespace tapedeck
