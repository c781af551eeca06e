#include "cli/commands/show_config.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace tapedeck {

void show_config(const Config& config, const Output& output) {
  if (output.json) {
    boost::json::array list;
    for (const EffectiveSetting& one : config.effective) {
      boost::json::object object;
      object["name"] = one.setting->name;
      object["value"] = shown(*one.setting, one.text);
      object["origin"] = origin_name(one.origin);
      object["default"] = one.setting->fallback;
      object["range"] = range_of(*one.setting);
      object["help"] = one.setting->help;
      list.push_back(std::move(object));
    }
    print_json(output.out, list);
  } else {
    std::vector<std::vector<std::string>> rows{{"NAME", "VALUE", "FROM", "MAY BE"}};
    for (const EffectiveSetting& one : config.effective) {
      const std::string value = shown(*one.setting, one.text);
      rows.push_back({std::string(one.setting->name), value.empty() ? "-" : value, std::string(origin_name(one.origin)),
                      range_of(*one.setting)});
    }
    print_table(output.out, rows);
  }
  for (const std::string& warning : config.settings.warnings) output.err << "warning: " << warning << '\n';
}

}  // namespace tapedeck
