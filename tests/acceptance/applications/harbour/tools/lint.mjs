// The team's few rules for JavaScript: no debugger, and nobody compares loosely.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const RULES = { "no-debugger": /\bdebugger\b/, eqeqeq: /[^=!]==[^=]/ };
let found = 0;
for (const entry of readdirSync(process.argv[2], { recursive: true }).sort()) {
  if (!/\.(js|mjs|ts)$/.test(entry) || entry.includes("node_modules")) continue;
  const file = join(process.argv[2], entry);
  readFileSync(file, "utf8").split("\n").forEach((line, index) => {
    for (const [rule, pattern] of Object.entries(RULES)) {
      if (!pattern.test(line.replace(/\/\/.*/, ""))) continue;
      console.log(`${file}:${index + 1}:1: error ${rule} is broken`);
      found += 1;
    }
  });
}
process.exit(found ? 1 : 0);
