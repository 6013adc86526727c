import assert from "node:assert";
import { createRequire } from "node:module";
import test from "node:test";

const { metres } = createRequire(import.meta.url)("../../functions/fees/length.js");

test("a length is a number of metres", () => {
  assert.equal(metres("12.5"), 12.5);
  assert.equal(metres("60"), 60);
});

test("what is no length is refused", () => {
  assert.equal(metres("long"), null);
  assert.equal(metres("0.5"), null);
});
