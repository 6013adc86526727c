import assert from "node:assert";
import test from "node:test";

import { berth } from "../../functions/berths/berths.ts";

test("a boat lies where it just fits", () => {
  assert.equal(berth({ boat: "Ada", length: 7 }, 40), 4);
});

test("a boat that is too long is sent away", () => {
  assert.equal(berth({ boat: "Grace", length: 60 }, 10), 0);
});
