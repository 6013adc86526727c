// Prints a TypeScript file without its types.
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";

process.stdout.write(stripTypeScriptTypes(readFileSync(process.argv[2], "utf8")));
