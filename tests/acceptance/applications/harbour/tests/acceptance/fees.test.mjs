import assert from "node:assert";
import test from "node:test";

test("a skipper asks what a night costs", async () => {
  const response = await fetch(`${process.env.API_URL}/fees/10`);
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { length: 10, fee: 75 });
});

test("a skipper who says no length is told what a length is", async () => {
  const response = await fetch(`${process.env.API_URL}/fees/long`);
  assert.equal(response.status, 400);
});
