import assert from "node:assert";
import test from "node:test";

import { handler } from "../../functions/logbook/logbook.mjs";

test("only what is no arrival is given back", async () => {
  const arrival = JSON.stringify({ boat: "Ada", found: { berth: 4 } });
  const answer = await handler({
    Records: [
      { messageId: "1", body: arrival },
      { messageId: "2", body: "ahoy" },
    ],
  });
  assert.deepEqual(answer, { batchItemFailures: [{ itemIdentifier: "2" }] });
});
