#pragma once

#include <cstdint>
#include <functional>

#include <ext/pb_ds/assoc_container.hpp>
#include <ext/pb_ds/tree_policy.hpp>

#include "domain/ids.hpp"

namespace tapedeck {

/// SIDs in the order of their ranks, which also tells how many stand before one in O(log n): libstdc++'s order
/// statistics tree.
using RankedSids = __gnu_pbds::tree<std::int64_t, Sid, std::less<>, __gnu_pbds::rb_tree_tag,
                                    __gnu_pbds::tree_order_statistics_node_update>;

}  // namespace tapedeck
