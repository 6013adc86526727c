// Prints a TypeScript file without its types; what is no TypeScript is told with its line.
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";

const file = process.argv[2];
try {
  process.stdout.write(stripTypeScriptTypes(readFileSync(file, "utf8")));
} catch (error) {
  process.stderr.write(`${file}${error.stack}\n`);
  process.exit(1);
}
