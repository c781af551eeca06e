#include "main/config.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cli/command.hpp"

namespace tapedeck {
namespace {

Result<int> run_config(CommandContext& context) {
  const Output& output = context.output;
  boost::json::array list;
  std::vector<std::vector<std::string>> rows{{"NAME", "VALUE", "FROM", "MAY BE"}};
  for (const EffectiveSetting& one : context.config.effective) {
    const std::string value = shown(*one.setting, one.text);
    list.push_back(boost::json::object{{"name", one.setting->name},
                                       {"value", value},
                                       {"origin", origin_name(one.origin)},
                                       {"default", one.setting->fallback},
                                       {"range", range_of(*one.setting)},
                                       {"help", one.setting->help}});
    rows.push_back({std::string(one.setting->name), value.empty() ? "-" : value, std::string(origin_name(one.origin)),
                    range_of(*one.setting)});
  }
  output.json ? print_json(output.out, list) : print_table(output.out, rows);
  for (const std::string& warning : context.settings.warnings) output.err << "warning: " << warning << '\n';
  return kDone;
}

}  // namespace

void add_config(CommandSet& commands) {
  commands.add({.name = "config",
                .help = "Show every setting, its value, and where the value came from.",
                .examples = "  tapedeck config\n  tapedeck config --json --config /etc/tapedeck.env",
                .shows_all_settings = true},
               run_config);
}

}  // namespace tapedeck
