#include "cli/copy_commands.hpp"

#include <CLI/CLI.hpp>

#include "cli/commands/backup.hpp"

namespace tapedeck {

void add_copy_commands(CopyRequests& requests, Clock& clock, Random& random, const AddCopyCommand& add) {
  MigrateRequest& request = requests.migrate;
  CLI::App* migrate =
      add("migrate", "Copy everything to other stores, beside running servers; --final ends it.",
          "  tapedeck migrate --to-database postgresql://tapedeck@db/tapedeck --to-storage s3://recordings\n"
          "  tapedeck migrate --to-database /var/lib/tapedeck --to-storage /var/lib/tapedeck --final",
          [&](const Settings& settings, const Output& output) {
            return migrate_stores(settings, request, clock, random, output);
          });
  migrate
      ->add_option("--to-database", request.to_database,
                   "postgresql://..., or sqlite:PATH or PATH of the DATA_DIR to be.")
      ->type_name("URL");
  migrate->add_option("--to-storage", request.to_storage, "s3://..., or file:PATH or PATH of the DATA_DIR to be.")
      ->type_name("URL");
  migrate->add_flag("--final", request.is_final,
                    "Every server is stopped: copy what is left, compare everything, let servers use the copy.");
  migrate->add_flag("--leave-damaged", request.leave_damaged,
                    "With --final: go without recordings that are damaged or missing already.");
  migrate->add_flag("--dry-run", request.dry_run, "Count what there is to copy, and copy nothing.");

  CLI::App* backup = add("backup", "Copy DATA_DIR into a folder, beside a running server; again: what is new.",
                         "  tapedeck backup /mnt/backup/tapedeck", [&](const Settings& settings, const Output& output) {
                           return back_up(settings, requests.folder, clock, random, output);
                         });
  CLI::App* restoring = add("restore", "Fill an empty DATA_DIR from a backup.",
                            "  tapedeck restore /mnt/backup/tapedeck --data-dir /var/lib/tapedeck",
                            [&](const Settings& settings, const Output& output) {
                              return restore(settings, requests.folder, clock, random, output);
                            });
  for (CLI::App* command : {backup, restoring}) {
    command->add_option("FOLDER", requests.folder, "The backup.")->required();
  }
}

}  // namespace tapedeck
