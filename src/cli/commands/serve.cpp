#include "cli/command.hpp"

namespace tapedeck {

void add_serve(CommandSet& commands) {
  commands.add({.name = "serve",
                .help = "Run the server.",
                .examples = "  tapedeck serve --data-dir /var/lib/tapedeck\n"
                            "  PUBLIC_URL=https://calls.example.com tapedeck serve --listen 0.0.0.0:8080",
                .shows_all_settings = true,
                .takes_json = false},
               [](CommandContext& context) { return context.line.serve(context.settings); });
}

}  // namespace tapedeck
