import assert from "node:assert/strict";
import { it } from "node:test";

import { readView, writeView } from "../src/address";

it("the address keeps a view unchanged", () => {
  const view = {
    search: "דנה & <b>+1 415",
    direction: "inbound" as const,
    business: "harbour-dental",
  };
  assert.deepEqual(readView(writeView(view)), view);
});

it("the plain page has no query", () => {
  assert.equal(writeView({ search: "", direction: "", business: null }), "");
});

it("invalid parts of an address are ignored", () => {
  const view = readView(`?direction=sideways&search=${"x".repeat(500)}`);
  assert.equal(view.direction, "");
  assert.equal(view.search.length, 200);
});
